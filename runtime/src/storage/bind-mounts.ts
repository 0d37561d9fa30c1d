import { chmodSync, chownSync, copyFileSync, mkdirSync, type Stats, statSync, utimesSync } from "node:fs";
import { basename, join } from "node:path";
import { BindOrigin, type Mount } from "@runv/protocol";
import { RunvError } from "@runv/protocol/errors";
import type { MountSpec } from "../oci/spec.ts";
import { excerpt } from "../shared/excerpt.ts";
import { messages } from "../shared/messages.ts";
import type { SharedTree } from "../shared/share.ts";
import { hostFailure, systemErrorCode } from "../shared/system-error.ts";
import type { TreeCopy } from "./rootfs-driver.ts";

/** What the mounts of one container ask of VM, host and agent. */
export interface MountsPlan {
  readonly trees: readonly SharedTree[];
  readonly copies: readonly TreeCopy[];
  /** In the order of config.json. */
  readonly mounts: readonly Mount[];
}

export interface MountsRequest {
  readonly container: string;
  readonly mounts: readonly MountSpec[];
  /** Whether the VM has a share; without, sources are copied into the guest. */
  readonly shared: boolean;
  /** A directory of this container's own, for files on their way. */
  readonly workDirectory: string;
  readonly warn: (sentence: string) => void;
}

/** A single file is copied once on its way into the guest. */
const maxCopiedFileBytes = 64 * 1_048_576;
const permissionBits = 0o7777;
const passableMode = 0o711;

/** @throws RunvError naming the mount that cannot be had. */
export function planMounts(request: MountsRequest): MountsPlan {
  const trees: SharedTree[] = [];
  const copies: TreeCopy[] = [];
  const mounts = request.mounts.map((mount, index): Mount => {
    const common = commonFields(mount);
    if (!isSourced(mount)) return { ...common, source: mount.source, origin: BindOrigin.UNSPECIFIED };
    const source = bindableSource(mount);
    if (request.shared) {
      const name = `${request.container}/mount${index}`;
      trees.push(sharedTree(mount, name));
      return { ...common, source: name, origin: BindOrigin.SHARE };
    }
    const name = `mount${index}`;
    request.warn(
      `mount ${excerpt(mount.destination)}: ${excerpt(mount.source)} is copied into the guest: what changes on one side is not seen on the other (no directory is shared with this virtual machine)`,
    );
    copies.push(copyOf(mount, { name, source, workDirectory: request.workDirectory }));
    const inCopy = source.isDirectory() ? name : `${name}/${basename(mount.source)}`;
    return { ...common, source: inCopy, origin: BindOrigin.COPY };
  });
  return { trees, copies, mounts };
}

function commonFields({
  destination,
  type,
  options,
  idMappings,
}: MountSpec): Omit<Mount, "source" | "origin"> {
  return {
    destination,
    type,
    options: [...options],
    uidMappings: [...(idMappings?.uids ?? [])],
    gidMappings: [...(idMappings?.gids ?? [])],
  };
}

/** Whether it brings a directory or a file of the host. */
export function isSourced({ type, options }: MountSpec): boolean {
  return type === "bind" && !options.includes("remount");
}

/** @throws RunvError for what is not there, and for what means nothing in another kernel. */
function bindableSource(mount: MountSpec): Stats {
  const stat = statOf(mount);
  if (stat.isDirectory() || stat.isFile()) return stat;
  const what = stat.isSocket() ? "a socket" : stat.isFIFO() ? "a pipe" : "a device";
  throw new RunvError(
    "unsupported",
    `config.json: mount ${excerpt(mount.destination)}: ${excerpt(mount.source)} is ${what} of the host, which a guest with a kernel of its own cannot use: bind directories and regular files`,
  );
}

function statOf(mount: MountSpec): Stats {
  try {
    return statSync(mount.source);
  } catch (cause) {
    if (systemErrorCode(cause) !== "ENOENT") throw hostFailure(`mount ${excerpt(mount.destination)}`, cause);
    const sentence = `config.json: mount ${excerpt(mount.destination)}: ${excerpt(mount.source)}: ${messages.noSuchFile}`;
    throw new RunvError("not-found", sentence, { cause });
  }
}

function sharedTree({ source, options }: MountSpec, name: string): SharedTree {
  const slave = options.includes("slave") || options.includes("rslave");
  return {
    name,
    source,
    access: access(options),
    recursive: options.includes("rbind"),
    propagation: slave ? "slave" : "private",
  };
}

/** The last of contradicting options counts, as for mount(8); recursive ones come after the others, and of them "rro". */
function access(options: readonly string[]): SharedTree["access"] {
  if (options.includes("rro")) return "readonly-recursive";
  if (options.includes("rrw")) return "writable";
  return options.lastIndexOf("ro") > options.lastIndexOf("rw") ? "readonly" : "writable";
}

function copyOf(
  mount: MountSpec,
  copy: { readonly name: string; readonly source: Stats; readonly workDirectory: string },
): TreeCopy {
  const { name, source, workDirectory } = copy;
  const oneFileSystem = !mount.options.includes("rbind");
  if (source.isDirectory()) return { name, directory: mount.source, oneFileSystem };
  if (source.size > maxCopiedFileBytes)
    throw new RunvError(
      "unsupported",
      `config.json: mount ${excerpt(mount.destination)}: ${excerpt(mount.source)} has ${source.size} bytes, a file that is copied into the guest at most ${maxCopiedFileBytes}: share it (RUNV_VOLUMES), or bind its directory`,
    );
  const directory = join(workDirectory, name);
  mkdirSync(directory);
  // In a user namespace the container's root is anybody to the guest, and passes through.
  chmodSync(directory, passableMode);
  copyWithOwner(mount.source, join(directory, basename(mount.source)), source);
  return { name, directory, oneFileSystem: true };
}

function copyWithOwner(from: string, to: string, { mode, uid, gid, atime, mtime }: Stats): void {
  try {
    copyFileSync(from, to);
    chownSync(to, uid, gid);
    chmodSync(to, mode & permissionBits);
    utimesSync(to, atime, mtime);
  } catch (cause) {
    throw hostFailure(`copy ${from} to ${to}`, cause);
  }
}
