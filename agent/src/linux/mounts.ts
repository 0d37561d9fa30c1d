import { RunvError } from "@runv/protocol";
import { step } from "./errno.ts";
import {
  MNT_DETACH,
  MS_BIND,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
  parseMountOptions,
  recursiveAttributes,
} from "./mount-options.ts";
import { O_DIRECTORY, O_RDONLY, S_IFDIR, S_IFMT } from "./open-flags.ts";
import { isDirectory, lstatIfThere, makeDirectories, makeFile, statIfThere } from "./paths.ts";
import {
  chdir,
  close,
  fchdir,
  mount,
  open,
  pivotRoot,
  type Stat,
  setMountAttributes,
  umount,
} from "./sys.ts";

/** A mount as config.json describes it. */
export interface MountRequest {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** The file systems that a container may mount here, and what each is called in the kernel. */
export const mountTypes: Readonly<Record<string, string>> = {
  proc: "proc",
  sysfs: "sysfs",
  tmpfs: "tmpfs",
  devpts: "devpts",
  mqueue: "mqueue",
  cgroup: "cgroup2",
  cgroup2: "cgroup2",
};

/** No mount made from now on is seen by, or comes from, another namespace. */
export function makeAllPrivate(): void {
  step("make mounts private", () => mount("", "/", "", MS_REC | MS_PRIVATE, ""));
}

/** The root that was left, from which bind mounts still come. */
export interface OldRoot {
  /** Leaves it for good. */
  leave(): void;
  /** Binds what is at an absolute path there to a path below the present root. */
  bind(source: string, target: string): void;
  isDirectory(source: string): boolean;
}

/**
 * Makes `directory` the root of this mount namespace: paths and symbolic links resolve in it from here on. The old root lies on top of
 * it, reachable from a working directory alone, until it is left; then everything that was mounted before is gone
 * (pivot_root(2), "pivot_root(".", ".")").
 */
export function enterRoot(directory: string): OldRoot {
  step(`bind rootfs ${directory}`, () => mount(directory, directory, "", MS_BIND | MS_REC, ""));
  const old = open("/", O_RDONLY | O_DIRECTORY);
  step(`enter rootfs ${directory}`, () => {
    chdir(directory);
    pivotRoot(".", ".");
    chdir("/");
  });
  const within = <Result>(act: () => Result): Result => {
    fchdir(old);
    try {
      return act();
    } finally {
      chdir("/");
    }
  };
  return {
    leave: () => {
      within(() => umount(".", MNT_DETACH));
      close(old);
    },
    bind: (source, target) => within(() => mount(`.${source}`, target, "", MS_BIND | MS_REC, "")),
    isDirectory: (source) => within(() => isDirectory(`.${source}`)),
  };
}

/** Mounts one entry of config.json below the present root. A read-only /dev is closed later: nodes are still to be made in it. */
export function mountEntry(entry: MountRequest, old: OldRoot): void {
  const { flags, propagation, data } = parseMountOptions(entry.options);
  const early = entry.destination === "/dev" ? flags & ~MS_RDONLY : flags;
  const target = step(`mount ${entry.type} on ${entry.destination}`, () =>
    entry.type === "bind" ? bindEntry(entry, early, old) : mountFileSystem(entry, early, data),
  );
  for (const kind of propagation)
    step(`set propagation of ${entry.destination}`, () => mount("", target, "", kind, ""));
}

/** @returns where it is, without symbolic links */
function mountFileSystem(entry: MountRequest, flags: number, data: string): string {
  checkPlace(entry);
  const type = mountTypes[entry.type] ?? entry.type;
  const covered = statIfThere(entry.destination);
  const target = makeDirectories(entry.destination);
  mount(entry.source, target, type, flags, fileSystemOptions(type, data, covered));
  return target;
}

/** A bind mount takes its flags in a call of its own: mount(2). @returns where it is, without symbolic links */
function bindEntry({ source, destination, options }: MountRequest, flags: number, old: OldRoot): string {
  const target = old.isDirectory(source) ? makeDirectories(destination) : makeFile(destination);
  old.bind(source, target);
  if (flags !== 0) mount("", target, "", flags | MS_REMOUNT | MS_BIND, "");
  const recursive = recursiveAttributes(options);
  if (recursive !== 0) setMountAttributes(target, recursive, true);
  return target;
}

/** What the guest's own files are is not for an image to place: runc refuses a link there as well. */
function checkPlace({ destination, type }: MountRequest): void {
  if (type !== "proc" && type !== "sysfs") return;
  const found = lstatIfThere(destination);
  if (found !== null && (found.mode & S_IFMT) !== S_IFDIR)
    throw new RunvError("invalid-argument", `"${type}" must be mounted on an ordinary directory`);
}

/** A tmpfs has the mode of the directory that it covers, as runc has it, unless its own options say another. */
function fileSystemOptions(type: string, data: string, covered: Stat | null): string {
  if (type === "cgroup2") return "";
  if (type !== "tmpfs" || covered === null) return data;
  const mode = `mode=${(covered.mode & 0o7777).toString(8)}`;
  return data === "" ? mode : `${mode},${data}`;
}

/** What of a mount had to wait until everything inside was made. */
export function closeEntry(entry: MountRequest): void {
  const { flags } = parseMountOptions(entry.options);
  if (entry.destination !== "/dev" || (flags & MS_RDONLY) === 0) return;
  step(`make ${entry.destination} read-only`, () =>
    mount("", entry.destination, "", flags | MS_REMOUNT | MS_BIND, ""),
  );
}
