import type { CreateContainerRequest } from "@runv/protocol";
import { populateDev } from "../linux/devices.ts";
import { step } from "../linux/errno.ts";
import { maskPath, readonlyPath, remountReadonly } from "../linux/masked-paths.ts";
import { propagationFlags } from "../linux/mount-options.ts";
import { closeEntry, enterRoot, makeAllPrivate, mountEntry } from "../linux/mounts.ts";
import { mount, umask } from "../linux/sys.ts";
import { makeWorkingDirectory } from "./credentials.ts";

/**
 * Enters the rootfs and fills it. Its root is the process's before the first mount, so that every symbolic link in a destination
 * resolves inside the container.
 */
export function buildRootfs(request: CreateContainerRequest, directory: string): void {
  const before = umask(0);
  makeAllPrivate();
  const old = enterRoot(directory);
  for (const entry of request.mounts) mountEntry(entry, old);
  old.leave();
  populateDev(request.devices);
  umask(before);
  makeWorkingDirectory(request.process?.cwd ?? "/");
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
