import { once } from "node:events";
import type { Socket } from "node:net";
import type { BareGuest } from "./bare-guest.ts";
import { timed } from "./measure.ts";

const sinkPort = 5000;
const sourcePort = 5001;
const bytesPerMb = 1_000_000;
/** What the guest's program reads first: a number of bytes, in decimal. */
const numberDigits = 16;
/** For one transfer. */
const transferTimeoutMs = 120_000;
const chunk = Buffer.alloc(256 * 1024);

/** Sends `bytes` to the bare guest and waits until it has taken all. @returns MB/s */
export async function sendRate(guest: BareGuest, bytes: number): Promise<number> {
  const socket = await dialFor(guest, sinkPort);
  const elapsedMs = await timed(async () => {
    socket.write(announcement(bytes));
    for (let left = bytes; left > 0; left -= chunk.length) {
      if (!socket.write(left < chunk.length ? chunk.subarray(0, left) : chunk)) await once(socket, "drain");
    }
    await once(socket, "data");
  });
  socket.destroy();
  return rate(bytes, elapsedMs);
}

/** Takes `bytes` from the bare guest. @returns MB/s */
export async function receiveRate(guest: BareGuest, bytes: number): Promise<number> {
  const socket = await dialFor(guest, sourcePort);
  let received = 0;
  const elapsedMs = await timed(async () => {
    socket.on("data", (bytesOfGuest: Buffer) => (received += bytesOfGuest.length));
    const end = once(socket, "close");
    socket.write(announcement(bytes));
    await end;
  });
  if (received !== bytes) throw new Error(`bare carrier: ${received} of ${bytes} bytes`);
  return rate(bytes, elapsedMs);
}

/** A connection that fails whoever waits on it when the guest stalls. */
async function dialFor(guest: BareGuest, port: number): Promise<Socket> {
  const socket = await guest.dial(port);
  socket.setTimeout(transferTimeoutMs, () => {
    socket.destroy(new Error(`bare carrier: nothing moves for ${transferTimeoutMs} ms`));
  });
  return socket;
}

function announcement(bytes: number): string {
  return String(bytes).padStart(numberDigits, "0");
}

export function rate(bytes: number, elapsedMs: number): number {
  return bytes / bytesPerMb / (elapsedMs / 1000);
}
