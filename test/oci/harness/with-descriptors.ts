import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { Outcome } from "./run-program.ts";

/** A program that was started with descriptors from 3 on. */
export interface Started {
  /** Our ends of the sockets among them, in order. */
  readonly sockets: readonly Duplex[];
  /** Once everybody who holds its output has closed it. */
  readonly outcome: Promise<Outcome>;
}

/** Starts a program with these descriptors of ours, or ends of new socket pairs, as its own from 3 on. */
export function startWith(argv: readonly string[], descriptors: readonly (number | "socket")[]): Started {
  const [program = "", ...args] = argv;
  const further = descriptors.map((given) => (given === "socket" ? "pipe" : given));
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe", ...further] });
  const sockets = child.stdio.slice(3).filter((end): end is Duplex => end !== null);
  for (const socket of sockets) socket.on("error", () => undefined);
  const [stdout, stderr] = [child.stdout, child.stderr].map(async (stream) => textOf(stream));
  const outcome = once(child, "close").then(async ([status]) => ({
    status: typeof status === "number" ? status : null,
    stdout: (await stdout) ?? "",
    stderr: (await stderr) ?? "",
  }));
  return { sockets, outcome };
}

/** All that comes, up to its end. */
export async function textOf(stream: AsyncIterable<Buffer> | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}
