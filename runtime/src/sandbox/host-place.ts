import { RunvError } from "@runv/protocol/errors";
import { applyHostLimits } from "../cgroups/apply-limits.ts";
import { hostCgroupDirectories, makeHostCgroup, removeHostCgroup } from "../cgroups/host-cgroup.ts";
import { type MachineNeed, machineLimits, memoryLimits, runningLimits } from "../cgroups/host-limits.ts";
import { systemdProblem } from "../cgroups/systemd.ts";
import type { MemoryResources, ResourcesSpec } from "../oci/resources.ts";
import type { Releases } from "../shared/releases.ts";
import { makeVmDirectory, removeVmDirectory } from "../state/vm-directory.ts";

/** What a sandbox occupies on the host beside its processes. */
export interface HostPlace {
  readonly vmDirectory: string;
  /** cgroup directories. */
  readonly cgroups: readonly string[];
}

/** What `--systemd-cgroup` asks for. @throws RunvError that says why it cannot be had */
export function refuseSystemdPlace(cgroupsPath: string): never {
  throw systemdProblem(cgroupsPath);
}

/** The cgroup directories of `linux.cgroupsPath`; empty: one named after the container. */
export function cgroupsOf(cgroupsPath: string, id: string): string[] {
  return hostCgroupDirectories(cgroupsPath === "" ? id : cgroupsPath);
}

/** Makes the place. @returns the cgroup directories that are new: what a rollback removes. */
export function takeHostPlace(place: HostPlace, releases: Releases): readonly string[] {
  const made = makeHostCgroup(place.cgroups);
  releases.add("cgroup", async () => {
    const left = await removeHostCgroup(made);
    if (left.length > 0) throw new RunvError("internal", cgroupsInUse(left));
  });
  makeVmDirectory(place.vmDirectory);
  releases.add(place.vmDirectory, () => {
    removeVmDirectory(place.vmDirectory);
  });
  return made;
}

/** What a container asks for, and what its machine takes. */
export interface HostShare {
  readonly resources: ResourcesSpec;
  readonly need: MachineNeed;
}

/** Limits what is started in the place. @param warn is told of what this host cannot limit */
export function limitHostPlace(
  { cgroups }: Pick<HostPlace, "cgroups">,
  { resources, need }: HostShare,
  warn: (sentence: string) => void,
): void {
  applyHostLimits(cgroups, machineLimits(resources, need), warn);
}

/** Lets a machine that has grown have its memory. @param warn is told of what this host cannot limit */
export function limitGrown(
  { cgroups }: Pick<HostPlace, "cgroups">,
  { memory, need }: { readonly memory: MemoryResources; readonly need: MachineNeed },
  warn: (sentence: string) => void,
): void {
  applyHostLimits(cgroups, memoryLimits(memory, need), warn);
}

/** Limits what runs in the place, besides. @param warn is told of what this host cannot limit */
export function limitRunning(
  { cgroups }: Pick<HostPlace, "cgroups">,
  resources: ResourcesSpec,
  warn: (sentence: string) => void,
): void {
  applyHostLimits(cgroups, runningLimits(resources), warn);
}

/**
 * @param warn is told of cgroups that stay, because processes that are not runv's are in them
 * @param leavingTimeoutMs how long processes may take to leave the cgroup, if they are not known to have ended
 */
export async function leaveHostPlace(
  place: HostPlace,
  warn: (sentence: string) => void,
  leavingTimeoutMs?: number,
): Promise<void> {
  const left = await removeHostCgroup(place.cgroups, leavingTimeoutMs);
  if (left.length > 0) warn(cgroupsInUse(left));
  removeVmDirectory(place.vmDirectory);
}

function cgroupsInUse(directories: readonly string[]): string {
  return `cgroup: cannot be removed: ${directories.join(", ")}: processes are still in it (see its cgroup.procs)`;
}
