import { RunvError } from "@runv/protocol";
import { event } from "../linux/constants.ts";
import { errnoName } from "../linux/system-error.ts";
import { remainingMs, waitReady } from "../linux/wait.ts";
import * as sys from "../sys.ts";

/** "CONNECT 4294967295\n" is the longest. */
export const maxRequestBytes = 32;
/** "ERROR …\n" says why in so much at most. */
export const maxAnswerBytes = 1024;

export interface LineSource {
  /** Names the peer in errors. */
  readonly from: string;
  readonly deadlineMs: number;
  readonly maxBytes: number;
}

/**
 * Reads one line from a non-blocking socket, a byte a time, so that not one byte behind it is taken: that one belongs to whoever relays.
 * @returns the line without its newline; null when the peer ended first.
 * @throws RunvError "timeout" or "protocol".
 */
export async function readLine(
  fd: number,
  { from, deadlineMs, maxBytes }: LineSource,
): Promise<string | null> {
  let line = "";
  while (line.length < maxBytes) {
    const byte = readByte(fd);
    if (byte === "end") return null;
    if (byte === "none") {
      const ready = await waitReady(fd, event.readable, remainingMs(deadlineMs));
      if (!ready) throw new RunvError("timeout", `${from}: no line in time`);
      continue;
    }
    if (byte === "\n") return line;
    line += byte;
  }
  throw new RunvError("protocol", `${from}: a line of more than ${maxBytes} bytes`);
}

function readByte(fd: number): string {
  try {
    const [code] = sys.read(fd, 1);
    return code === undefined ? "end" : String.fromCharCode(code);
  } catch (thrown) {
    if (errnoName(thrown) === "EAGAIN") return "none";
    if (errnoName(thrown) === "ECONNRESET") return "end";
    throw thrown;
  }
}
