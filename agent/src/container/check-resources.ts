import { type Resources, RunvError } from "@runv/protocol";

/** Kept by the agent: with these a container would be moved, stopped or split up behind its back. */
const ownFiles: ReadonlySet<string> = new Set([
  "cgroup.freeze",
  "cgroup.kill",
  "cgroup.procs",
  "cgroup.subtree_control",
  "cgroup.threads",
  "cgroup.type",
]);

/** @throws RunvError "invalid-argument" that names the field */
export function checkResources(resources: Resources): void {
  for (const { name } of resources.unified) {
    if (!/^[\w-][\w.-]*$/.test(name)) refuse(`unified: "${name}" is not the name of a file`);
    if (ownFiles.has(name)) refuse(`unified.${name}: is not for config.json to set`);
  }
  for (const { pageSize } of resources.hugepageLimits)
    if (!/^[1-9]\d{0,9}[KMG]B$/.test(pageSize)) refuse(`hugepageLimits: "${pageSize}" is no size of pages`);
  for (const { device } of resources.rdmaLimits)
    if (!/^[\w.-]+$/.test(device)) refuse(`rdma: "${device}" is not the name of a device`);
}

function refuse(why: string): never {
  throw new RunvError("invalid-argument", `linux.resources.${why}`);
}
