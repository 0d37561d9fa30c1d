import { once } from "node:events";
import type { BareGuest } from "./bare-guest.ts";
import { timed } from "./measure.ts";

const sinkPort = 5000;
const sourcePort = 5001;
const bytesPerMb = 1_000_000;
const chunk = Buffer.alloc(256 * 1024);

/** Sends `bytes` to the bare guest and waits until it has taken all. @returns MB/s */
export async function sendRate(guest: BareGuest, bytes: number): Promise<number> {
  const socket = await guest.dial(sinkPort);
  const elapsedMs = await timed(async () => {
    for (let left = bytes; left > 0; left -= chunk.length) {
      if (!socket.write(left < chunk.length ? chunk.subarray(0, left) : chunk)) await once(socket, "drain");
    }
    const answer = once(socket, "data");
    socket.end();
    await answer;
  });
  socket.destroy();
  return rate(bytes, elapsedMs);
}

/** Takes `bytes` from the bare guest. @returns MB/s */
export async function receiveRate(guest: BareGuest, bytes: number): Promise<number> {
  const socket = await guest.dial(sourcePort);
  let received = 0;
  const elapsedMs = await timed(async () => {
    socket.on("data", (bytesOfGuest: Buffer) => (received += bytesOfGuest.length));
    const end = once(socket, "close");
    socket.write(`${bytes}\n`);
    await end;
  });
  if (received !== bytes) throw new Error(`bare carrier: ${received} of ${bytes} bytes`);
  return rate(bytes, elapsedMs);
}

export function rate(bytes: number, elapsedMs: number): number {
  return bytes / bytesPerMb / (elapsedMs / 1000);
}
