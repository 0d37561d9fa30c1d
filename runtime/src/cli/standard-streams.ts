import { writeSync } from "node:fs";
import { systemErrorCode } from "../shared/system-error.ts";

const descriptors = { stdout: 1, stderr: 2 } as const;

/**
 * Writes all of `text`, at once: an exit that follows cuts nothing off. A reader that is gone is not an error: whoever does not
 * listen misses nothing.
 */
export function write(stream: keyof typeof descriptors, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptors[stream], rest));
    } catch (error) {
      // A non-blocking pipe that is full: its reader will get to it.
      if (systemErrorCode(error) !== "EAGAIN") return;
    }
  }
}
