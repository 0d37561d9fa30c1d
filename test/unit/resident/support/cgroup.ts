import { existsSync, mkdirSync } from "node:fs";

const hierarchies = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"];

/** Makes a cgroup for a test, in whatever hierarchy there is. @returns its directory, or why there is none. */
export function makeCgroup(name: string): { directory: string } | { reason: string } {
  const parent = hierarchies.find((path) => existsSync(`${path}/cgroup.procs`));
  if (parent === undefined) return { reason: "no cgroup hierarchy is mounted here" };
  const directory = `${parent}/runv-test-${name}-${process.pid}`;
  try {
    mkdirSync(directory);
    return { directory };
  } catch {
    return { reason: `${parent} is read-only here` };
  }
}
