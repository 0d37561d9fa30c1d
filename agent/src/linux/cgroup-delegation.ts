import { limitsDirectory } from "./cgroups.ts";
import { tolerate } from "./errno.ts";
import { chown, readFile } from "./sys.ts";

/** What the kernel says can be handed on (cgroups(7), "Cgroups delegation"). */
const delegatableFiles = "/sys/kernel/cgroup/delegate";
const maxListBytes = 4096;

/**
 * Lets a user of a container's user namespace make control groups below its own and move its processes there (runtime-spec
 * config-linux.md, "Cgroup ownership"). Limits stay out of its reach.
 */
export function delegateCgroup(path: string, uid: number): void {
  const directory = limitsDirectory(path);
  const files = readFile(delegatableFiles, maxListBytes)
    .split("\n")
    .filter((name) => name !== "");
  chown(directory, uid, 0);
  for (const name of files) tolerate(["ENOENT"], () => chown(`${directory}/${name}`, uid, 0));
}
