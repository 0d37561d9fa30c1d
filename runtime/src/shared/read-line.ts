import type { Readable } from "node:stream";
import { RunvError } from "@runv/protocol/errors";

/** Longest line that is taken from a process of ours or from the guest. */
const maxLineBytes = 65_536;

export interface ReadLineOptions {
  /** Who should have answered, for error messages. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * The next line of a stream, without its newline; bytes after it go back into the stream.
 * @throws RunvError "timeout", "cancelled", or "unavailable" when the stream ends before a line did.
 */
export async function readLine(stream: Readable, options: ReadLineOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = Buffer.alloc(0);
    const timer = setTimeout(
      () => finish(new RunvError("timeout", `${options.what}: no answer within ${options.timeoutMs} ms`)),
      options.timeoutMs,
    );
    const onAbort = (): void => finish(new RunvError("cancelled", `${options.what}: cancelled`));
    const onEnd = (): void =>
      finish(new RunvError("unavailable", `${options.what}: ended without an answer`));
    const onData = (chunk: Buffer): void => {
      text = Buffer.concat([text, chunk]);
      const end = text.indexOf(10);
      if (end >= 0) finish(text.subarray(0, end).toString("utf8"), text.subarray(end + 1));
      else if (text.length > maxLineBytes)
        finish(new RunvError("internal", `${options.what}: answer longer than ${maxLineBytes} bytes`));
    };
    const finish = (result: string | RunvError, rest?: Buffer): void => {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", onAbort);
      stream.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onEnd);
      stream.pause();
      if (rest !== undefined && rest.length > 0) stream.unshift(rest);
      if (typeof result === "string") resolve(result);
      else reject(result);
    };
    if (options.signal.aborted) {
      onAbort();
      return;
    }
    if (stream.readableEnded || stream.destroyed) {
      onEnd();
      return;
    }
    options.signal.addEventListener("abort", onAbort);
    stream.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onEnd);
    // A line that was read before has left it paused.
    stream.resume();
  });
}
