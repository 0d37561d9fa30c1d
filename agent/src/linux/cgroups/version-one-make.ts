import { step, tolerate } from "../errno.ts";
import { mkdir, readFile, writeFile } from "../sys.ts";
import type { Hierarchy } from "./hierarchies.ts";

const maxListBytes = 4096;

/** Makes a cgroup whose parent is there. @returns false when it is there already */
export function makeCgroup(hierarchy: Hierarchy, path: string): boolean {
  const { name, directory, controllers } = hierarchy;
  return step(`make cgroup ${name}:${path}`, () => {
    const isNew = tolerate(["EEXIST"], () => mkdir(directory + path, 0o755));
    if (isNew && controllers.includes("cpuset")) inheritCpuset(directory + path);
    return isNew;
  });
}

/** Makes the cgroups above one, as far as they are not there. */
export function makeParents(hierarchy: Hierarchy, path: string): void {
  for (const above of levels(path).slice(0, -1)) makeCgroup(hierarchy, above);
}

/** Lets a cgroup and those above it have the processors that the guest has now. */
export function inheritAgain({ directory, controllers }: Hierarchy, path: string): void {
  if (!controllers.includes("cpuset")) return;
  step(`widen cpuset of cgroup ${path}`, () => {
    for (const level of levels(path)) inheritCpuset(directory + level);
  });
}

/** "/a", "/a/b" of "/a/b". */
function levels(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return parts.map((_part, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

/** A new one has no processors and no memory nodes, and nobody can enter it. */
function inheritCpuset(directory: string): void {
  const parent = directory.slice(0, directory.lastIndexOf("/"));
  for (const file of ["cpuset.cpus", "cpuset.mems"])
    writeFile(`${directory}/${file}`, readFile(`${parent}/${file}`, maxListBytes).trim());
}
