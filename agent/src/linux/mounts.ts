import { RunvError } from "@runv/protocol";
import type { Cgroup } from "./cgroups/cgroup.ts";
import { copyUp } from "./copy-up.ts";
import { errnoOf, step } from "./errno.ts";
import {
  keptFlags,
  type MountOptions,
  MS_BIND,
  MS_NOSYMFOLLOW,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
  parseMountOptions,
  ST_NOSYMFOLLOW,
} from "./mount-options.ts";
import type { OldRoot } from "./old-root.ts";
import { S_IFDIR, S_IFMT } from "./open-flags.ts";
import { lstatIfThere, makeDirectories, makeFile, statIfThere } from "./paths.ts";
import { close, type Fd, fstat, mount, moveMount, type Stat, setMountAttributes, statfs } from "./sys.ts";

/** A mount as config.json describes it. */
export interface MountRequest {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** No mount made from now on is seen by, or comes from, another namespace. */
export function makeAllPrivate(): void {
  step("make mounts private", () => mount("", "/", "", MS_REC | MS_PRIVATE, ""));
}

/** Where mounts come from. */
export interface MountSources {
  readonly old: OldRoot;
  /** What is to be mounted, made already and taken over; null: it is found or made. */
  readonly tree: Fd | null;
  /** The container's. */
  readonly cgroup: Pick<Cgroup, "mount">;
}

/** Mounts one entry of config.json below the present root. A read-only /dev is closed later: nodes are still to be made in it. */
export function mountEntry(entry: MountRequest, from: MountSources): void {
  const options = parseMountOptions(entry.options);
  const flags = entry.destination === "/dev" ? options.flags & ~MS_RDONLY : options.flags;
  const what = `mount ${entry.type} on ${entry.destination}`;
  const target = step(what, () => mountOne(entry, { ...options, flags }, from));
  step(what, () => checkFlags(target, flags));
  for (const kind of options.propagation)
    step(`set propagation of ${entry.destination}`, () => mount("", target, "", kind, ""));
  if (options.recursiveSet !== 0 || options.recursiveClear !== 0)
    step(what, () => changeTree(target, options.recursiveSet, options.recursiveClear));
}

/** @returns where it is, without symbolic links */
function mountOne(entry: MountRequest, options: MountOptions, from: MountSources): string {
  if ((options.flags & MS_REMOUNT) !== 0) return remount(entry, options);
  if (entry.type === "bind") return bindEntry(entry, options, from.tree ?? from.old);
  return mountFileSystem(entry, options, from.cgroup);
}

function remount(
  { destination, source, type }: MountRequest,
  { flags, cleared, data }: MountOptions,
): string {
  if (type === "bind") remountBind(destination, flags, cleared);
  else mount(source, destination, type, flags, data);
  return destination;
}

function mountFileSystem(
  entry: MountRequest,
  { flags, data, copiesUp }: MountOptions,
  cgroup: MountSources["cgroup"],
): string {
  checkPlace(entry);
  const { type, source } = entry;
  const covered = statIfThere(entry.destination);
  const target = makeDirectories(entry.destination);
  const cover = (): void => {
    if (type === "cgroup") cgroup.mount(source, target, flags, data);
    else mountNew(entry, target, flags, type === "tmpfs" ? withMode(data, covered) : data);
  };
  if (copiesUp) copyUp(target, cover);
  else cover();
  return target;
}

function mountNew({ source, type }: MountRequest, target: string, flags: number, data: string): void {
  try {
    mount(source, target, type, flags, data);
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENODEV") throw thrown;
    throw new RunvError("unsupported", `the guest's kernel has no file system of type "${type}"`);
  }
}

/** A bind mount takes its flags in a call of its own: mount(2). @returns where it is, without symbolic links */
function bindEntry({ source, destination }: MountRequest, options: MountOptions, from: OldRoot | Fd): string {
  const isTree = typeof from === "number";
  const isDirectory = isTree ? (fstat(from).mode & S_IFMT) === S_IFDIR : from.isDirectory(source);
  const target = isDirectory ? makeDirectories(destination) : makeFile(destination);
  if (isTree) {
    moveMount(from, target);
    close(from);
  } else from.bind(source, target);
  if (options.flags !== 0 || options.cleared !== 0) remountBind(target, options.flags, options.cleared);
  return target;
}

/**
 * In a user namespace flags that a mount came with can be locked (mount_namespaces(7)): what config.json does not say otherwise stays,
 * as runc has it.
 */
function remountBind(target: string, flags: number, cleared: number): void {
  const change = (kept: number): void => mount("", target, "", flags | kept | MS_REMOUNT | MS_BIND, "");
  try {
    change(0);
  } catch (thrown) {
    const kept = keptFlags(statfs(target).flags);
    if (errnoOf(thrown) !== "EPERM" || (kept & cleared) !== 0) throw thrown;
    change(kept);
  }
}

/** A kernel that does not know this flag passes it over, and links would be followed. */
function checkFlags(target: string, flags: number): void {
  if ((flags & MS_NOSYMFOLLOW) === 0 || (statfs(target).flags & ST_NOSYMFOLLOW) !== 0) return;
  throw new RunvError("unsupported", "nosymfollow: the guest's kernel has no such thing (Linux 5.10 has)");
}

function changeTree(target: string, set: number, clear: number): void {
  try {
    setMountAttributes(target, set, clear, true);
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOSYS") throw thrown;
    throw new RunvError(
      "unsupported",
      "options for what is mounted below: the guest's kernel cannot (mount_setattr(2), Linux 5.12, can)",
    );
  }
}

/** What the guest's own files are is not for an image to place: runc refuses a link there as well. */
function checkPlace({ destination, type }: MountRequest): void {
  if (type !== "proc" && type !== "sysfs") return;
  const found = lstatIfThere(destination);
  if (found !== null && (found.mode & S_IFMT) !== S_IFDIR)
    throw new RunvError("invalid-argument", `"${type}" must be mounted on an ordinary directory`);
}

/** A tmpfs has the mode of the directory that it covers, as runc has it, unless its own options say another. */
function withMode(data: string, covered: Stat | null): string {
  if (covered === null) return data;
  const mode = `mode=${(covered.mode & 0o7777).toString(8)}`;
  return data === "" ? mode : `${mode},${data}`;
}

/** What of a mount had to wait until everything inside was made. */
export function closeEntry(entry: MountRequest): void {
  const { flags } = parseMountOptions(entry.options);
  if (entry.destination !== "/dev" || (flags & MS_RDONLY) === 0) return;
  step(`make ${entry.destination} read-only`, () => remountBind(entry.destination, flags & ~MS_REMOUNT, 0));
}
