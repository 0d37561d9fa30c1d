/** Flags of mount(2) (linux/mount.h). */
export const MS_RDONLY = 1;
export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_NOEXEC = 8;
export const MS_REMOUNT = 32;
export const MS_NOSYMFOLLOW = 256;
export const MS_NOATIME = 1024;
export const MS_BIND = 4096;
export const MS_MOVE = 8192;
export const MS_REC = 16384;
export const MS_PRIVATE = 1 << 18;
export const MNT_DETACH = 2;
/** Flag of statfs(2). */
export const ST_NOSYMFOLLOW = 8192;

const MS_UNBINDABLE = 1 << 17;
const MS_SLAVE = 1 << 19;
const MS_SHARED = 1 << 20;

/** Options of config.json that are flags: what each sets, or clears when negative. */
const flagOptions: Readonly<Record<string, number>> = {
  defaults: 0,
  ro: MS_RDONLY,
  rw: -MS_RDONLY,
  nosuid: MS_NOSUID,
  suid: -MS_NOSUID,
  nodev: MS_NODEV,
  dev: -MS_NODEV,
  noexec: MS_NOEXEC,
  exec: -MS_NOEXEC,
  sync: 16,
  async: -16,
  remount: MS_REMOUNT,
  mand: 64,
  nomand: -64,
  dirsync: 128,
  nosymfollow: MS_NOSYMFOLLOW,
  symfollow: -MS_NOSYMFOLLOW,
  acl: 1 << 16,
  noacl: -(1 << 16),
  noatime: MS_NOATIME,
  atime: -MS_NOATIME,
  nodiratime: 2048,
  diratime: -2048,
  silent: 32768,
  loud: -32768,
  relatime: 1 << 21,
  norelatime: -(1 << 21),
  iversion: 1 << 23,
  noiversion: -(1 << 23),
  strictatime: 1 << 24,
  nostrictatime: -(1 << 24),
  lazytime: 1 << 25,
  nolazytime: -(1 << 25),
};

interface Attributes {
  readonly set: number;
  readonly clear: number;
}

/** MOUNT_ATTR_* of mount_setattr(2). Ways to keep times are one field: it is cleared, and gets one of its values. */
const timeField = 0x70;
const keepTimes = (value: number): Attributes => ({ set: value, clear: timeField });
const setAttribute = (set: number): Attributes => ({ set, clear: 0 });
const clearAttribute = (clear: number): Attributes => ({ set: 0, clear });
const relativeTimes = 0;
const noTimes = 0x10;
const strictTimes = 0x20;
const noDirectoryTimes = 0x80;
const noLinks = 0x200000;

/** Options of config.json that also hold for what is mounted below. */
const recursiveOptions: Readonly<Record<string, Attributes>> = {
  rro: setAttribute(1),
  rrw: clearAttribute(1),
  rnosuid: setAttribute(2),
  rsuid: clearAttribute(2),
  rnodev: setAttribute(4),
  rdev: clearAttribute(4),
  rnoexec: setAttribute(8),
  rexec: clearAttribute(8),
  rnodiratime: setAttribute(noDirectoryTimes),
  rdiratime: clearAttribute(noDirectoryTimes),
  rrelatime: keepTimes(relativeTimes),
  rnorelatime: keepTimes(relativeTimes),
  rnoatime: keepTimes(noTimes),
  ratime: keepTimes(relativeTimes),
  rstrictatime: keepTimes(strictTimes),
  rnostrictatime: keepTimes(relativeTimes),
  rnosymfollow: setAttribute(noLinks),
  rsymfollow: clearAttribute(noLinks),
};

/** What is for whoever makes the mount, and neither a flag nor the file system's. */
const ownOptions: readonly string[] = ["bind", "rbind", "idmap", "ridmap", "tmpcopyup"];

const propagationOptions: Readonly<Record<string, number>> = {
  private: MS_PRIVATE,
  rprivate: MS_PRIVATE | MS_REC,
  slave: MS_SLAVE,
  rslave: MS_SLAVE | MS_REC,
  shared: MS_SHARED,
  rshared: MS_SHARED | MS_REC,
  unbindable: MS_UNBINDABLE,
  runbindable: MS_UNBINDABLE | MS_REC,
};

export interface MountOptions {
  readonly flags: number;
  /** Flags that options take away. */
  readonly cleared: number;
  /** MOUNT_ATTR_* for the mount and all below it. */
  readonly recursiveSet: number;
  readonly recursiveClear: number;
  /** What a tmpfs covers is copied into it. */
  readonly copiesUp: boolean;
  /** Each is a mount(2) call of its own, after the mount. */
  readonly propagation: readonly number[];
  /** What the file system itself reads. */
  readonly data: string;
}

/** Sorts the options of a mount of config.json (runtime-spec config.md, Linux mount options). */
export function parseMountOptions(options: readonly string[]): MountOptions {
  let [flags, cleared, recursiveSet, recursiveClear] = [0, 0, 0, 0];
  const propagation: number[] = [];
  const data: string[] = [];
  for (const option of options) {
    const flag = ownValue(flagOptions, option);
    const kind = ownValue(propagationOptions, option);
    const recursive = ownValue(recursiveOptions, option);
    if (ownOptions.includes(option)) continue;
    if (recursive !== undefined) {
      // What is set counts, as with runc, wherever it stands.
      recursiveSet |= recursive.set;
      recursiveClear |= recursive.clear;
    } else if (flag !== undefined) {
      flags = flag < 0 ? flags & ~-flag : flags | flag;
      cleared = flag < 0 ? cleared | -flag : cleared & ~flag;
    } else if (kind !== undefined) propagation.push(kind);
    else data.push(option);
  }
  const copiesUp = options.includes("tmpcopyup");
  return { flags, cleared, recursiveSet, recursiveClear, copiesUp, propagation, data: data.join(",") };
}

const ST_RELATIME = 4096;
const MS_RELATIME = 1 << 21;
/** nosuid, nodev, noexec and the kinds of atime but relatime: the same bits for statfs(2) and mount(2). */
const sameFlags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | 2048;

/** What a remount must repeat to keep. @param found as statfs(2) says */
export function keptFlags(found: number): number {
  return (found & sameFlags) | ((found & ST_RELATIME) === 0 ? 0 : MS_RELATIME);
}

/** The flags of a propagation type; undefined when there is no such type. */
export function propagationFlags(name: string): number | undefined {
  return ownValue(propagationOptions, name);
}

function ownValue<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
