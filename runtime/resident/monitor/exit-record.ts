import type { MonitorExit } from "../contract/monitor.ts";
import { open } from "../linux/constants.ts";
import * as sys from "../sys.ts";

const recordMode = 0o600;

/** Leaves the record whole or not at all. */
export function writeExitRecord(path: string, exit: MonitorExit): void {
  const unfinished = `${path}.new`;
  sys.writeFile(
    unfinished,
    `${JSON.stringify(exit)}\n`,
    open.create | open.truncate | open.nofollow,
    recordMode,
  );
  sys.rename(unfinished, path);
}

/** Removes a VM's directory; when `kept` is in it, everything but that. */
export function removeDirectory(directory: string, kept: string): void {
  for (const name of sys.readdir(directory)) {
    const path = `${directory}/${name}`;
    if (path !== kept) sys.removeTree(path);
  }
  if (!kept.startsWith(`${directory}/`)) sys.rmdir(directory);
}
