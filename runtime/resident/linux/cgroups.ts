import * as sys from "../sys.ts";
import { errnoName, step } from "./system-error.ts";

/** Moves this process into cgroup directories (of any number of hierarchies): cgroups(7). "0" is the writer. */
export function joinCgroups(directories: readonly string[]): void {
  for (const directory of directories) {
    step(`join cgroup ${directory}`, () => sys.writeFile(`${directory}/cgroup.procs`, "0"));
  }
}

/**
 * Leaves a cgroup for its nearest ancestor that takes processes (with cgroup v2 one that distributes controllers does not, but the
 * root of the hierarchy always does), so that the directory can be removed.
 */
function leaveCgroup(directory: string): void {
  let ancestor = parentOf(directory);
  while (ancestor !== "") {
    try {
      sys.writeFile(`${ancestor}/cgroup.procs`, "0");
      return;
    } catch {
      ancestor = parentOf(ancestor);
    }
  }
}

/** So that nobody but others keeps them from being removed. */
export function leaveCgroups(directories: readonly string[]): void {
  for (const directory of directories) leaveCgroup(directory);
}

/** @returns those cgroup directories that cannot be removed: somebody is still in them. */
export function removeCgroups(directories: readonly string[]): string[] {
  return directories.filter((directory) => !isRemoved(directory));
}

function isRemoved(directory: string): boolean {
  try {
    sys.rmdir(directory);
    return true;
  } catch (thrown) {
    return errnoName(thrown) === "ENOENT";
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
