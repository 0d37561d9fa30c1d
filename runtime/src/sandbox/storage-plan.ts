import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Mount, Rootfs, Share } from "@runv/protocol";
import type { BlockWritesChoice, RootfsChoice, VolumesChoice } from "../config/choices.ts";
import type { Spec } from "../oci/spec.ts";
import type { Disk } from "../shared/disk.ts";
import { type ShareCache, shareTag, type VmShare } from "../shared/share.ts";
import { isSourced, planMounts } from "../storage/bind-mounts.ts";
import { blockRootfs } from "../storage/block-rootfs.ts";
import type { RootfsDriver, RootfsDriverName, RootfsPlan, TreeCopy } from "../storage/rootfs-driver.ts";
import type { ScratchOptions } from "../storage/scratch.ts";
import { sharedRootfs } from "../storage/shared-rootfs.ts";
import { streamRootfs } from "../storage/stream-rootfs.ts";
import { chooseRootfs, chooseShare, type ShareHost } from "./share-choice.ts";

export interface StorageSettings extends Omit<ShareHost, "signal"> {
  readonly rootfs: RootfsChoice;
  readonly blockWrites: BlockWritesChoice;
  readonly volumes: VolumesChoice;
  readonly cache: ShareCache;
  readonly scratch: ScratchOptions;
}

/** What one container's files ask of its VM, of the host once the guest runs, and of the agent. */
export interface StoragePlan {
  readonly driver: RootfsDriverName;
  /** Directory of the host that stands for the container's root; empty where the host cannot look into that. */
  readonly hostRoot: string;
  readonly share: VmShare | null;
  readonly disks: readonly Disk[];
  readonly scratch: ScratchOptions;
  readonly copies: readonly TreeCopy[];
  readonly rootfs: Rootfs;
  readonly mounts: readonly Mount[];
}

export interface StorageRequest {
  readonly container: string;
  /** Absolute: a directory, an image, or a block device. */
  readonly rootfs: string;
  readonly spec: Spec;
  readonly settings: StorageSettings;
  /** Of the VM: absolute, exists. */
  readonly vmDirectory: string;
  readonly warn: (sentence: string) => void;
  readonly signal: AbortSignal;
}

/** A guest that writes nothing of its own needs a place for mount points only. */
const nothingToWriteMib = 16;

/** Decides where rootfs and bind mounts are. @throws RunvError "unavailable" or "unsupported" that says what cannot be had and what can. */
export async function planStorage(request: StorageRequest): Promise<StoragePlan> {
  const { settings, spec } = request;
  const isDirectory = statSync(request.rootfs).isDirectory();
  const host = { ...settings, signal: request.signal };
  const name = isDirectory ? await chooseRootfs(settings.rootfs, host) : "block";
  const driver = rootfsDriver(name, settings.blockWrites);
  const hasBinds = spec.mounts.some(isSourced);
  const shareDriver = await chooseShare(name, settings.volumes, { hasBinds, host });
  const mounts = planMounts({
    container: request.container,
    mounts: spec.mounts,
    shared: shareDriver !== null && settings.volumes !== "copy",
    workDirectory: request.vmDirectory,
    warn: request.warn,
  });
  const rootfs = await driver.plan({
    container: request.container,
    rootfs: request.rootfs,
    readonly: spec.root.readonly,
    signal: request.signal,
  });
  const hostRoot = isDirectory ? request.rootfs : join(request.vmDirectory, "root");
  if (!isDirectory) mkdirSync(hostRoot, { mode: 0o755 });
  const trees = [...rootfs.trees, ...mounts.trees];
  const copies = [...rootfs.copies, ...mounts.copies];
  const scratch = scratchFor(settings.scratch, rootfs, copies);
  return {
    driver: driver.name,
    hostRoot,
    share: shareDriver === null ? null : { driver: shareDriver, cache: settings.cache, trees },
    disks: rootfs.disk === null ? [] : [rootfs.disk],
    scratch,
    copies,
    rootfs: withDevice(rootfs.rootfs, scratch),
    mounts: mounts.mounts,
  };
}

/** The share as the agent is told of it. */
export function shareRequest(share: VmShare | null): Share | undefined {
  return share === null ? undefined : { driver: share.driver, tag: shareTag, cache: share.cache };
}

function rootfsDriver(name: RootfsDriverName, writes: BlockWritesChoice): RootfsDriver {
  if (name === "stream") return streamRootfs;
  return name === "block" ? blockRootfs(writes) : sharedRootfs(name);
}

/** The scratch disk, if there is one, comes first. */
function withDevice(rootfs: Rootfs, scratch: ScratchOptions): Rootfs {
  const device = scratch.kind === "ext4" ? "/dev/vdb" : "/dev/vda";
  return rootfs.block === undefined ? rootfs : { ...rootfs, block: { ...rootfs.block, device } };
}

function scratchFor(
  scratch: ScratchOptions,
  rootfs: RootfsPlan,
  copies: readonly TreeCopy[],
): ScratchOptions {
  const isNeeded = rootfs.needsScratch || copies.length > 0;
  return isNeeded ? scratch : { kind: "tmpfs", sizeMib: nothingToWriteMib };
}
