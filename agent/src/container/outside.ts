import { type CreateContainerRequest, type Mount, Namespace, type Process, RunvError } from "@runv/protocol";
import type { Cgroup } from "../linux/cgroups/cgroup.ts";
import { makeDeviceNodes } from "../linux/devices.ts";
import { step } from "../linux/errno.ts";
import { mapIds } from "../linux/mapped-mounts.ts";
import { MS_RDONLY, parseMountOptions } from "../linux/mount-options.ts";
import { CLONE_NEWPID, CLONE_NEWTIME, CLONE_NEWUSER, CLONE_PARENT } from "../linux/namespaces.ts";
import { raiseRlimits } from "../linux/rlimits.ts";
import { clone, exit, type Fd, fchown, unshare, write, writeFile } from "../linux/sys.ts";
import { becomeNamespaceRoot, type IdMaps, outsideId } from "../linux/user-namespace.ts";
import { awaitAgent, encodeChildMessage } from "./child-channel.ts";
import type { ChildDescriptors } from "./child-stdio.ts";

/** Those that a process cannot make for itself, and the one that is to own the others. */
const bornWith = CLONE_NEWPID | CLONE_NEWUSER;

/** What has been made for a container by a process outside of its namespaces. */
export interface MadeOutside {
  /** Mounts whose ids are mapped, by their number in config.json. */
  readonly trees: ReadonlyMap<number, Fd>;
  /** Directory of the container's device nodes by their number; null: they can be made inside. */
  readonly deviceNodes: string | null;
}

export const nothingOutside: MadeOutside = { trees: new Map(), deviceNodes: null };

export interface OutsideWork extends ChildDescriptors {
  readonly request: CreateContainerRequest;
  readonly process: Process;
  readonly cgroup: Cgroup;
  /** Of the guest, for what is made here. */
  readonly deviceDirectory: string;
  /** Flags of clone(2) for the process inside. */
  readonly cloneFlags: number;
}

/** The ids of a container's user namespace; null: it has the guest's. */
export function idMapsOf({ namespaces, uidMappings, gidMappings }: CreateContainerRequest): IdMaps | null {
  return namespaces.includes(Namespace.USER) ? { uids: uidMappings, gids: gidMappings } : null;
}

/**
 * Whether something has to be made before the container's namespaces are entered: a user namespace takes the privilege for it, offsets of
 * clocks count for children only, and a mapping of ids is made by way of the guest's own /proc.
 */
export function beginsOutside({ namespaces, mounts }: CreateContainerRequest): boolean {
  const others = [Namespace.USER, Namespace.TIME];
  return others.some((namespace) => namespaces.includes(namespace)) || mounts.some(hasMappedIds);
}

function hasMappedIds({ uidMappings, gidMappings }: Mount): boolean {
  return uidMappings.length > 0 || gidMappings.length > 0;
}

function isWritableCgroup({ type, options }: Mount): boolean {
  return /^cgroup2?$/.test(type) && (parseMountOptions(options).flags & MS_RDONLY) === 0;
}

/** Makes what is to be made outside, and then the process inside, in which it returns; the caller's own ends here. */
export function moveInside(work: OutsideWork): MadeOutside {
  const { request, process, channel } = work;
  const idMaps = idMapsOf(request);
  const trees = mappedTrees(request.mounts);
  if (idMaps !== null) {
    bringOutside(process, idMaps, work);
    makeDeviceNodes(work.deviceDirectory, request.devices, idMaps);
    const owner = outsideId(idMaps.uids, process.uid);
    if (owner !== null && request.mounts.some(isWritableCgroup))
      step("delegate the cgroup", () => work.cgroup.delegate(owner));
  }
  if (request.namespaces.includes(Namespace.TIME)) makeTimeNamespace(request);
  // As our sibling, so that it is the agent's child.
  const pid = step("make the container's namespaces", () =>
    clone(CLONE_PARENT | (work.cloneFlags & bornWith)),
  );
  if (pid > 0) {
    write(channel, encodeChildMessage({ event: "moved", pid }));
    return exit(0);
  }
  awaitAgent(channel);
  if (idMaps !== null) becomeNamespaceRoot();
  // By its root: what comes with a namespace (the directory of message queues, say) is its maker's.
  step("make the container's namespaces", () => unshare(work.cloneFlags & ~bornWith));
  return { trees, deviceNodes: idMaps === null ? null : work.deviceDirectory };
}

/** What a process in a user namespace will not be able to do for itself. */
export function bringOutside(
  process: Process,
  { uids, gids }: IdMaps,
  { streams, preserved }: ChildDescriptors,
): void {
  const { uid, gid, additionalGids, rlimits } = process;
  const owner = outsideId(uids, uid);
  const strange = [gid, ...additionalGids].find((id) => outsideId(gids, id) === null);
  if (owner === null) throw notMapped("uid", uid);
  if (strange !== undefined) throw notMapped("gid", strange);
  raiseRlimits(rlimits);
  for (const fd of [...(streams ?? []), ...preserved]) fchown(fd, owner, outsideId(gids, 0) ?? 0);
}

function notMapped(what: string, id: number): RunvError {
  return new RunvError("invalid-argument", `${what} ${id} is not mapped in the container's user namespace`);
}

function mappedTrees(mounts: readonly Mount[]): ReadonlyMap<number, Fd> {
  const trees = new Map<number, Fd>();
  for (const [index, mount] of mounts.entries()) if (hasMappedIds(mount)) trees.set(index, mapIds(mount));
  return trees;
}

/** For children: time_namespaces(7). */
function makeTimeNamespace({ timeOffsets }: CreateContainerRequest): void {
  step("make time namespace", () => unshare(CLONE_NEWTIME));
  const lines = timeOffsets.map(({ clock, seconds, nanos }) => `${clock} ${seconds} ${nanos}\n`);
  if (lines.length === 0) return;
  step("set time offsets", () => writeFile("/proc/self/timens_offsets", lines.join("")), "invalid-argument");
}
