import { errorMessage, RunvError } from "@runv/protocol/errors";
import { applyHostLimits, keepCpusets } from "../cgroups/apply-limits.ts";
import {
  hasUnifiedCgroups,
  hostCgroupDirectories,
  makeHostCgroup,
  moveIntoCgroup,
  removeHostCgroup,
} from "../cgroups/host-cgroup.ts";
import {
  type HostLimit,
  type MachineNeed,
  type MemoryBounds,
  machineLimits,
  memoryLimits,
  runningLimits,
} from "../cgroups/host-limits.ts";
import {
  limitScope,
  type ScopeOwner,
  type ScopeRequest,
  scopeRequest,
  startScope,
  stopScope,
} from "../cgroups/systemd-scope.ts";
import type { ResourcesSpec } from "../oci/resources.ts";
import { residentProgram } from "../shared/installation.ts";
import { OwnDirectories } from "../shared/own-directories.ts";
import type { Releases } from "../shared/releases.ts";
import { startPlaceholder } from "../shared/resident.ts";
import { makeVmDirectory, removeVmDirectory } from "../state/vm-directory.ts";

/** What a sandbox occupies on the host beside its processes. */
export interface HostPlace extends ScopeOwner {
  /** cgroup directories. */
  readonly cgroups: readonly string[];
  /** They are a scope of systemd's. */
  readonly systemdCgroup: boolean;
}

type Warn = (sentence: string) => void;

/** What `--systemd-cgroup` asks for. @throws RunvError that says why it cannot be had */
export const systemdPlace = scopeRequest;
export type SystemdPlace = ScopeRequest;

/** The cgroup directories of `linux.cgroupsPath`; empty: one named after the container. */
export function cgroupsOf(cgroupsPath: string, id: string): string[] {
  return hostCgroupDirectories(cgroupsPath === "" ? id : cgroupsPath);
}

/** A place that is there. */
export interface TakenPlace {
  /** cgroup directories that nobody else removes: for a rollback. */
  readonly newCgroups: readonly string[];
  /** To be called when a process of the container is in it, which keeps it from then on. */
  readonly settle: () => Promise<void>;
}

/** Makes the place. @param scope what to ask systemd for; null: the cgroup is made by runv itself */
export async function takeHostPlace(
  place: HostPlace,
  scope: SystemdPlace | null,
  releases: Releases,
  signal: AbortSignal,
): Promise<TakenPlace> {
  const taken =
    scope === null ? takeCgroup(place, releases) : await takeScope(place, scope, releases, signal);
  makeVmDirectory(place.vmDirectory);
  const own = new OwnDirectories([place.vmDirectory]);
  releases.add(place.vmDirectory, () => {
    removeOwnVmDirectory(place, own);
  });
  return taken;
}

function takeCgroup({ cgroups }: HostPlace, releases: Releases): TakenPlace {
  const newCgroups = makeHostCgroup(cgroups);
  const own = new OwnDirectories(newCgroups);
  releases.add("cgroup", async () => giveUpCgroups(newCgroups, own));
  return { newCgroups, settle: async () => Promise.resolve() };
}

async function giveUpCgroups(directories: readonly string[], own: OwnDirectories): Promise<void> {
  const left = await removeHostCgroup(directories, { isOurs: (directory) => own.has(directory) });
  if (left.length > 0) throw new RunvError("internal", cgroupsInUse(left));
}

/** A scope begins with a process and ends with its last one: until there is one that stays, it has a placeholder. */
async function takeScope(
  place: HostPlace,
  scope: SystemdPlace,
  releases: Releases,
  signal: AbortSignal,
): Promise<TakenPlace> {
  const placeholder = await startPlaceholder(residentProgram("runv-proxy"));
  releases.add(`systemd: ${scope.unit}`, async () => {
    await placeholder.end();
    // Even when this verb has been asked to end.
    if (await stopScope(place.cgroups, place, new AbortController().signal))
      await giveUpCgroups(place.cgroups, new OwnDirectories(place.cgroups));
  });
  await startScope(scope, placeholder.pid, signal);
  return { newCgroups: completeScope(place.cgroups, placeholder.pid), settle: placeholder.end };
}

/**
 * systemd hands down all controllers of version 2 to a scope, and makes it in no more than its own hierarchies of version 1. What is empty
 * in the others it removes. @returns the directories that it has not made
 */
function completeScope(cgroups: readonly string[], pid: number): readonly string[] {
  if (hasUnifiedCgroups()) return [];
  const made = makeHostCgroup(cgroups);
  moveIntoCgroup(made, pid);
  return made;
}

/** What a container asks for, and what its machine takes. */
export interface HostShare {
  readonly resources: ResourcesSpec;
  readonly need: MachineNeed;
}

/** Who asks for limits. */
export interface Limiting {
  /** Told of what this host cannot limit. */
  readonly warn: Warn;
  readonly signal: AbortSignal;
}

type LimitedPlace = Pick<HostPlace, "cgroups" | "systemdCgroup">;

/** Limits what is started in the place. */
export async function limitHostPlace(
  place: LimitedPlace,
  { resources, need }: HostShare,
  limiting: Limiting,
): Promise<void> {
  await applyLimits(place, machineLimits(resources, need), limiting);
}

/** Lets a machine that is to grow have its memory. @throws RunvError "unavailable" when this host does not */
export async function limitGrown(
  place: LimitedPlace,
  { memory, need }: { readonly memory: MemoryBounds; readonly need: MachineNeed },
  limiting: Limiting,
): Promise<void> {
  const limits = memoryLimits(memory, need).map((limit) => ({
    ...limit,
    isOnlyHere: true,
    onlyLowers: false,
  }));
  await applyLimits(place, limits, limiting);
}

/** Sets those that nothing else holds. @returns what takes back where it may run. @throws RunvError "unavailable" for one that cannot be set */
export async function limitOnlyHere(
  place: LimitedPlace,
  resources: ResourcesSpec,
  limiting: Limiting,
): Promise<() => void> {
  const restore = keepCpusets(place.cgroups);
  const need = { memoryBytes: 0, tasks: 0, isFenced: false };
  const limits = machineLimits(resources, need).filter(({ isOnlyHere }) => isOnlyHere);
  await applyLimits(place, limits, limiting);
  return restore;
}

/** Limits what runs in the place, besides. */
export async function limitRunning(
  place: LimitedPlace,
  resources: ResourcesSpec,
  limiting: Limiting,
): Promise<void> {
  await applyLimits(place, runningLimits(resources), limiting);
}

/** By systemd, where the place is systemd's, and then by the cgroup's files: systemd does not know all of them, and rounds some. */
async function applyLimits(
  { cgroups, systemdCgroup }: LimitedPlace,
  limits: readonly HostLimit[],
  { warn, signal }: Limiting,
): Promise<void> {
  if (systemdCgroup) await limitScope(cgroups, limits, warn, signal);
  applyHostLimits(cgroups, limits, warn);
}

/** The directories that the place has now. A monitor that gives its container up gives the id back, and with it their names. */
export function directoriesOf({ cgroups, vmDirectory }: HostPlace): OwnDirectories {
  return new OwnDirectories([...cgroups, vmDirectory]);
}

/** How a place is left. */
export interface Leaving {
  /** Told of cgroups that stay, because processes that are not runv's are in them. */
  readonly warn: Warn;
  /** What is the place's: `directoriesOf` it before anything of it was ended. */
  readonly own: OwnDirectories;
  /** How long processes may take to leave the cgroup, if they are not known to have ended. */
  readonly leavingTimeoutMs?: number;
}

export async function leaveHostPlace(place: HostPlace, leaving: Leaving): Promise<void> {
  const { warn, own, leavingTimeoutMs } = leaving;
  const isOurs = (directory: string): boolean => own.has(directory);
  // With version 1 what systemd has not made is still there; where somebody else's processes are now, it stays.
  if (place.systemdCgroup && !(await leaveScope(place, warn)))
    await removeHostCgroup(place.cgroups, { timeoutMs: 0, isOurs });
  else {
    const left = await removeHostCgroup(place.cgroups, { timeoutMs: leavingTimeoutMs, isOurs });
    if (left.length > 0) warn(cgroupsInUse(left));
  }
  removeOwnVmDirectory(place, own);
}

function removeOwnVmDirectory({ vmDirectory }: HostPlace, own: OwnDirectories): void {
  if (own.has(vmDirectory)) removeVmDirectory(vmDirectory);
}

/** @returns false when its name is somebody else's by now */
async function leaveScope(place: HostPlace, warn: Warn): Promise<boolean> {
  try {
    return await stopScope(place.cgroups, place, new AbortController().signal);
  } catch (error) {
    warn(`cgroup: systemd was not told of its end: ${errorMessage(error)}`);
    return true;
  }
}

function cgroupsInUse(directories: readonly string[]): string {
  return `cgroup: cannot be removed: ${directories.join(", ")}: processes are still in it (see its cgroup.procs)`;
}
