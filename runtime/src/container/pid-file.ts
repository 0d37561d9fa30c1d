import { renameSync, rmSync, writeFileSync } from "node:fs";
import { errorMessage, RunvError } from "@runv/protocol/errors";

/** Decimal, without newline (containerd reads it with strconv.Atoi), complete or not there. */
export function writePidFile(path: string, pid: number): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, `${pid}`, { mode: 0o644 });
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new RunvError("internal", `pid file: ${path}: ${errorMessage(cause)}`, { cause });
  }
}
