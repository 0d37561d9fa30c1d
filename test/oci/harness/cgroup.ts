import type { Bed } from "./bed.ts";
import type { Config } from "./config.ts";

/** A cgroup namespace of its own, and a look at the cgroup: version 2, or each controller of version 1. */
function withCgroups(config: Config): void {
  config.linux.namespaces.push({ type: "cgroup" });
  config.mounts.push({ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] });
}

/** A shell command that prints a file of the container's cgroup, by its names in version 2 and in version 1 ("memory/memory.limit_in_bytes"). */
function printLimit(name: string, nameInVersionOne: string): string {
  return `cd /sys/fs/cgroup; cat ${name} 2> /dev/null || cat ${nameInVersionOne}`;
}

/** What a file of a running container's cgroup says. */
export async function limitOf(bed: Bed, id: string, name: string, nameInVersionOne: string): Promise<string> {
  return (await bed.must("exec", id, "sh", "-c", printLimit(name, nameInVersionOne))).trim();
}

/** A container that runs with these limits. @returns its id */
export async function startLimited(bed: Bed, resources: Record<string, unknown>): Promise<string> {
  return bed.start((config) => {
    withCgroups(config);
    Object.assign(config.linux.resources, resources);
  });
}
