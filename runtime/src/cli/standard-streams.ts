import { writeSync } from "node:fs";
import { RunvError } from "@runv/protocol/errors";
import { withDeadline } from "../shared/deadlines.ts";
import { documentTimeoutMs } from "../shared/limits.ts";
import { systemErrorCode } from "../shared/system-error.ts";

const descriptors = { stdout: 1, stderr: 2 } as const;

/**
 * Writes all of `text`, at once: an exit that follows cuts nothing off. A reader that is gone is not an error: whoever does not
 * listen misses nothing.
 * @returns whether all was taken
 */
export function write(stream: keyof typeof descriptors, text: string): boolean {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptors[stream], rest));
    } catch (error) {
      // A non-blocking pipe that is full: its reader will get to it.
      if (systemErrorCode(error) !== "EAGAIN") return false;
    }
  }
  return true;
}

/** The whole of stdin as text. @throws RunvError resource-exhausted for more than `maxBytes` characters, timeout when it does not end. */
export async function readStdin(document: string, maxBytes: number): Promise<string> {
  let text = "";
  process.stdin.setEncoding("utf8");
  await withDeadline(documentTimeoutMs, `${document}: reading stdin`, null, async () => {
    for await (const chunk of process.stdin) {
      text += String(chunk);
      if (text.length > maxBytes)
        throw new RunvError("resource-exhausted", `${document}: larger than ${maxBytes} bytes: stdin`);
    }
  });
  return text;
}
