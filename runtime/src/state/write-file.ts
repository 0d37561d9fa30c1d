import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostFailure } from "../shared/system-error.ts";

/** Whether it is on the disk when the call returns, or when the kernel gets to it. */
export type Lasting = "durable" | "volatile";

/**
 * Replaces a file so that a reader, or a machine that loses its power, sees the old content or the new one and nothing between.
 * @throws RunvError resource-exhausted on a full disk; the old content stays then.
 */
export function replaceFile(path: string, content: string, lasting: Lasting): void {
  const temporary = `${path}.${process.pid}`;
  try {
    writeWhole(temporary, content, lasting);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw hostFailure(`state: cannot be written: ${path}`, cause);
  }
}

/** write(2) may take a part only when the disk fills up; writeFileSync goes on until all is written or it fails. */
function writeWhole(path: string, content: string, lasting: Lasting): void {
  const descriptor = openSync(path, "w", 0o600);
  try {
    writeFileSync(descriptor, content);
    if (lasting === "durable") fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
