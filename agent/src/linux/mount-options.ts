/** Flags of mount(2) (linux/mount.h). */
export const MS_RDONLY = 1;
export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_NOEXEC = 8;
export const MS_REMOUNT = 32;
export const MS_NOATIME = 1024;
export const MS_BIND = 4096;
export const MS_MOVE = 8192;
export const MS_REC = 16384;
export const MS_PRIVATE = 1 << 18;
export const MNT_DETACH = 2;

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
  nosymfollow: 256,
  symfollow: -256,
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

/** Options of config.json that also hold for what is mounted below, as MOUNT_ATTR_* of mount_setattr(2). */
const recursiveOptions: Readonly<Record<string, number>> = { rro: 1, rnosuid: 2, rnodev: 4, rnoexec: 8 };

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
  /** Each is a mount(2) call of its own, after the mount. */
  readonly propagation: readonly number[];
  /** What the file system itself reads. */
  readonly data: string;
}

/** Sorts the options of a mount of config.json (runtime-spec config.md, Linux mount options). */
export function parseMountOptions(options: readonly string[]): MountOptions {
  let flags = 0;
  const propagation: number[] = [];
  const data: string[] = [];
  for (const option of options) {
    const flag = ownValue(flagOptions, option);
    const kind = ownValue(propagationOptions, option);
    if (option === "bind" || option === "rbind" || Object.hasOwn(recursiveOptions, option)) continue;
    if (flag !== undefined) flags = flag < 0 ? flags & ~-flag : flags | flag;
    else if (kind !== undefined) propagation.push(kind);
    else data.push(option);
  }
  return { flags, propagation, data: data.join(",") };
}

export function recursiveAttributes(options: readonly string[]): number {
  return options.reduce((attributes, option) => attributes | (ownValue(recursiveOptions, option) ?? 0), 0);
}

/** The flags of a propagation type; undefined when there is no such type. */
export function propagationFlags(name: string): number | undefined {
  return ownValue(propagationOptions, name);
}

function ownValue(table: Readonly<Record<string, number>>, key: string): number | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
