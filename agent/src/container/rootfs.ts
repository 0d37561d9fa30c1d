import type { CreateContainerRequest } from "@runv/protocol";
import type { Cgroup } from "../linux/cgroups/cgroup.ts";
import { populateDev } from "../linux/devices.ts";
import { step } from "../linux/errno.ts";
import { maskPath, readonlyPath, remountReadonly } from "../linux/masked-paths.ts";
import { propagationFlags } from "../linux/mount-options.ts";
import { closeEntry, makeAllPrivate, mountEntry } from "../linux/mounts.ts";
import { enterRoot } from "../linux/old-root.ts";
import { mount, umask } from "../linux/sys.ts";
import { makeWorkingDirectory } from "./credentials.ts";
import type { MadeOutside } from "./outside.ts";

export interface RootfsPlan {
  readonly request: CreateContainerRequest;
  /** Directory that holds it. */
  readonly rootfs: string;
  readonly cgroup: Cgroup;
}

/**
 * Enters the rootfs and fills it. Its root is the process's before the first mount, so that every symbolic link in a destination
 * resolves inside the container.
 */
export function buildRootfs({ request, rootfs, cgroup }: RootfsPlan, made: MadeOutside): void {
  const before = umask(0);
  makeAllPrivate();
  const old = enterRoot(rootfs);
  for (const [index, entry] of request.mounts.entries())
    mountEntry(entry, { old, tree: made.trees.get(index) ?? null, cgroup });
  if (!hasDevOfItsOwn(request)) populateDev(request.devices, made.deviceNodes, old);
  old.leave();
  umask(before);
  makeWorkingDirectory(request.process?.cwd ?? "/");
}

/** A directory that is bound there brings what it has, as with runc. */
function hasDevOfItsOwn({ mounts }: CreateContainerRequest): boolean {
  return mounts.some(({ destination, type }) => destination === "/dev" && type === "bind");
}

/** What can only be done once nothing more is made inside. */
export function closeRootfs(request: CreateContainerRequest): void {
  request.mounts.forEach(closeEntry);
  request.readonlyPaths.forEach(readonlyPath);
  request.maskedPaths.forEach(maskPath);
  const propagation = propagationFlags(request.rootfsPropagation);
  if (propagation !== undefined) step("set propagation of /", () => mount("", "/", "", propagation, ""));
  if (request.rootfs?.readonly === true) step("make / read-only", () => remountReadonly("/"));
}
