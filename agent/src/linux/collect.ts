import { RunvError } from "@runv/protocol";
import { errnoOf } from "./errno.ts";
import { type Fd, read, setNonblock, unwatch, utf8Decode, watch } from "./sys.ts";

const EPOLLIN = 1;
const readBytes = 65_536;

/** What somebody writes into a pipe, taken as it comes. */
export interface Collected {
  /** Resolves at the end of the stream. @throws RunvError "agent" when it is longer than allowed or cannot be read */
  readonly ended: Promise<void>;
  /** Whole lines, without their ends, that have come so far. */
  lines(): string[];
}

/** @param fd remains the caller's, who may close it at any time */
export function collect(fd: Fd, maxBytes: number): Collected {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  setNonblock(fd, true);
  const ended = new Promise<void>((resolve, reject) => {
    const finish = (error: string | null): void => {
      unwatch(fd);
      if (error === null) resolve();
      else reject(new RunvError("agent", `read a pipe: ${error}`));
    };
    watch(fd, EPOLLIN, () => {
      const chunk = readSome(fd);
      if (typeof chunk === "string") finish(chunk);
      else if (chunk?.length === 0) finish(null);
      else if (chunk !== null) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > maxBytes) finish(`more than ${maxBytes} bytes`);
      }
    });
  });
  return { ended, lines: () => textOf(chunks).split("\n").slice(0, -1) };
}

/** @returns null when there is nothing just now; an error's name */
function readSome(fd: Fd): Uint8Array | string | null {
  try {
    return read(fd, readBytes);
  } catch (thrown) {
    const errno = errnoOf(thrown);
    return errno === "EAGAIN" ? null : (errno ?? "unknown error");
  }
}

function textOf(chunks: readonly Uint8Array[]): string {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return utf8Decode(whole);
}
