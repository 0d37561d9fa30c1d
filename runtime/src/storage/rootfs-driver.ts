import type { Rootfs } from "@runv/protocol";
import type { RootfsChoice } from "../config/choices.ts";
import type { Disk } from "../shared/disk.ts";
import type { SharedTree } from "../shared/share.ts";

export type RootfsDriverName = Exclude<RootfsChoice, "auto">;

/** How a container's root file system reaches its guest. A driver says what it needs; the sandbox provides it, in one way for all. */
export interface RootfsDriver {
  readonly name: RootfsDriverName;
  /** @throws RunvError when this root file system cannot go that way, with the reason and another way. */
  plan(request: RootfsRequest): Promise<RootfsPlan>;
}

export interface RootfsRequest {
  readonly container: string;
  /** Absolute path of the rootfs on the host. */
  readonly rootfs: string;
  readonly readonly: boolean;
  readonly signal: AbortSignal;
}

export interface RootfsPlan {
  /** For the share of the VM. */
  readonly trees: readonly SharedTree[];
  /** To be packed into the guest once it runs. */
  readonly copies: readonly TreeCopy[];
  /** For the VM; whoever takes the plan closes it. */
  readonly disk: Disk | null;
  /** Whether changes need a place in the guest. */
  readonly needsScratch: boolean;
  /** What the agent is asked for; what the guest calls the disk is filled in when all disks are known. */
  readonly rootfs: Rootfs;
}

/** A directory of the host that is packed into the guest. */
export interface TreeCopy {
  /** As in UnpackRequest: empty for the rootfs. */
  readonly name: string;
  /** Absolute path of a directory. */
  readonly directory: string;
  /** What is mounted below it arrives as empty directories. */
  readonly oneFileSystem: boolean;
}
