import { createHash } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { vmDirectoryParent } from "../shared/defaults.ts";
import { hostFailure } from "../shared/system-error.ts";

const nameBytes = 8;

/** The directory of a container's VM: short enough for sockets, whatever the lengths of root and id; one for each. */
export function vmDirectory(root: string, id: string): string {
  const hash = createHash("sha256")
    .update(`${resolve(root)}\0${id}`)
    .digest("hex");
  return join(vmDirectoryParent, hash.slice(0, 2 * nameBytes));
}

/** Makes it, empty; what a killed predecessor of the same container left is removed. Reserve the id first. */
export function makeVmDirectory(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(vmDirectoryParent, { recursive: true, mode: 0o700 });
    mkdirSync(directory, { mode: 0o700 });
  } catch (cause) {
    throw hostFailure(`directory of the virtual machine: ${directory}`, cause);
  }
}

/** Removes it with all that is left in it; gone already is fine. */
export function removeVmDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}
