// How fast and how prompt each of runv's carriers is, beside the bare device: the same machine with a program in the guest that talks over the
// device itself, without monitor, multiplexer and its framing and flow control.
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { BareGuest, bareInitramfs } from "./harness/bare-guest.ts";
import { bareStream } from "./harness/bare-stream.ts";
import { carriedInitramfs, carriedStream } from "./harness/carried-guest.ts";
import { rate } from "./harness/carrier.ts";
import { interleaved, median, printResult, printRow, timed } from "./harness/measure.ts";

const talkPort = 5002;
const rounds = 5;
const exchanges = 200;
const exchangeTimeoutMs = 120_000;
const chunk = Buffer.alloc(65_536);
const directory = mkdtempSync(path.join(tmpdir(), "runv-bench-"));

interface Talk {
  readonly socket: Socket;
  readonly stop: () => Promise<void>;
}

/** Asks for something, and waits for `answerBytes`. */
async function ask(socket: Socket, what: string, bytes: number, answerBytes: number): Promise<void> {
  socket.write(`${what}${String(bytes).padStart(16, "0")}`);
  const answered = receive(socket, answerBytes);
  if (what === "T")
    for (let left = bytes; left > 0; left -= chunk.length)
      socket.write(chunk.subarray(0, Math.min(left, chunk.length)));
  await answered;
}

async function receive(socket: Socket, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = bytes;
    const timer = setTimeout(() => reject(new Error(`${left} of ${bytes} bytes missing`)), exchangeTimeoutMs);
    const take = (piece: Buffer): void => {
      left -= piece.length;
      if (left > 0) return;
      clearTimeout(timer);
      socket.off("data", take);
      resolve();
    };
    socket.on("data", take);
  });
}

/** A byte there and back, once after the other. @returns µs each */
async function roundTripUs(socket: Socket): Promise<number> {
  socket.write(`E${String(exchanges).padStart(16, "0")}`);
  const elapsedMs = await timed(async () => {
    for (let count = 0; count < exchanges; count++) {
      const answered = receive(socket, 1);
      socket.write("x");
      await answered;
    }
  });
  return (elapsedMs * 1000) / exchanges;
}

async function measure(
  talk: Talk,
  bytes: number,
): Promise<{ toGuest: number; fromGuest: number; us: number }> {
  const toGuest = rate(bytes, await timed(async () => ask(talk.socket, "T", bytes, 1)));
  const fromGuest = rate(bytes, await timed(async () => ask(talk.socket, "S", bytes, bytes)));
  return { toGuest, fromGuest, us: await roundTripUs(talk.socket) };
}

async function compare(
  name: string,
  bytes: number,
  bare: Talk,
  carried: Talk,
): Promise<Record<string, number>> {
  try {
    const results = await interleaved(
      { bare: async () => measure(bare, bytes), carried: async () => measure(carried, bytes) },
      rounds,
    );
    const found: Record<string, number> = {};
    for (const [key, what, unit] of [
      ["toGuest", "host to guest", "MB/s"],
      ["fromGuest", "guest to host", "MB/s"],
      ["us", "round trip of a byte", "us"],
    ] as const) {
      const ours = median(results.map(({ carried: side }) => side[key]));
      const theirs = median(results.map(({ bare: side }) => side[key]));
      printRow(
        `${name}, ${what}`,
        ours,
        unit,
        `bare ${theirs.toFixed(2)}, ratio ${(ours / theirs).toFixed(2)}`,
      );
      found[`${name} ${key}`] = ours;
      found[`${name} ${key} bare`] = theirs;
    }
    return found;
  } finally {
    await bare.stop();
    await carried.stop();
  }
}

const vsockBytes = 64 << 20;
const virtioBytes = 32 << 20;
const isaBytes = 128 << 10;
try {
  const bare = await bareInitramfs(directory);
  const carried = carriedInitramfs(directory);
  const guest = await BareGuest.boot(directory, bare, true);
  const vsock = {
    socket: await guest.dial(talkPort),
    stop: async () => guest.stop(),
  };
  const results = {
    ...(await compare(
      "vhost-user-vsock",
      vsockBytes,
      vsock,
      await carriedStream(carried, "vhost-user-vsock", "microvm"),
    )),
    ...(await compare(
      "virtio-serial",
      virtioBytes,
      await bareStream(directory, bare, "virtio-serial"),
      await carriedStream(carried, "virtio-serial", "q35"),
    )),
    ...(await compare(
      "isa-serial",
      isaBytes,
      await bareStream(directory, bare, "isa-serial"),
      await carriedStream(carried, "isa-serial", "q35"),
    )),
  };
  const ratio = (results["virtio-serial fromGuest"] ?? 0) / (results["virtio-serial fromGuest bare"] ?? 1);
  printResult("carriers", ratio, results);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
