import type { CgroupVersion } from "../shared/cgroup-version.ts";
import type { JsonCursor } from "../shared/json-cursor.ts";
import type { NetworkResources, ResourcesSpec } from "./resources.ts";
import type { Warn } from "./warn.ts";

/** Each would change what the container sees, so it is refused. */
const versionOneOnly =
  'version 2 cgroups, which the guest has, know nothing of the kind: not supported (the setting cgroup_version = "v1" gives it others)';
/** runc's words. */
const versionTwoOnly = "cgroup v1, which the guest has, does not support unified";

const noNetwork: NetworkResources = { classId: null, priorities: [] };

/**
 * What of accepted `linux.resources` a guest with control groups of this version is asked for.
 * @param at names it in errors. @param warn is told of what makes no difference there
 * @throws RunvError unsupported for what only the other version has, naming the field
 */
export function resourcesOfVersion(
  resources: ResourcesSpec,
  version: CgroupVersion,
  at: JsonCursor,
  warn: Warn,
): ResourcesSpec {
  if (version === "v1") {
    const [first] = resources.unified;
    if (first !== undefined) at.member("unified").refuse(`${versionTwoOnly}: ${first.name}`);
    return resources;
  }
  refuseVersionOne(resources, at);
  warnOfIgnored(resources, at, warn);
  const none = { kernelBytes: null, kernelTcpBytes: null, swappiness: null, disableOomKiller: null };
  return { ...resources, memory: { ...resources.memory, ...none }, network: noNetwork };
}

function refuseVersionOne({ cpu, memory, network }: ResourcesSpec, at: JsonCursor): void {
  const asked = [
    [at.member("cpu").member("realtimeRuntime"), cpu.realtimeRuntimeMicros !== null],
    [at.member("cpu").member("realtimePeriod"), cpu.realtimePeriodMicros !== null],
    [at.member("network").member("classID"), network.classId !== null],
    [at.member("network").member("priorities"), network.priorities.length > 0],
    [at.member("memory").member("disableOOMKiller"), memory.disableOomKiller === true],
  ] as const;
  for (const [member, isAsked] of asked) if (isAsked) member.refuse(versionOneOnly);
}

function warnOfIgnored({ memory }: ResourcesSpec, at: JsonCursor, warn: Warn): void {
  const ignored = (name: string, why: string): void =>
    warn(`${at.member("memory").member(name).path}: is ignored: ${why}`);
  const obsolete = "limits of the kernel's memory are obsolete";
  if (memory.kernelBytes !== null) ignored("kernel", obsolete);
  if (memory.kernelTcpBytes !== null) ignored("kernelTCP", obsolete);
  if (memory.swappiness !== null) ignored("swappiness", "the guest has no swap");
}
