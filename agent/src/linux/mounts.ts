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
} from "./mount-options.ts";
import { S_IFDIR, S_IFMT } from "./open-flags.ts";
import { lstatIfThere, makeDirectories, statIfThere } from "./paths.ts";
import { chdir, mount, pivotRoot, type Stat, umount } from "./sys.ts";

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

/**
 * Makes `directory` the root of this mount namespace; everything that was mounted before is gone from it
 * (pivot_root(2), "pivot_root(".", ".")").
 */
export function enterRoot(directory: string): void {
  step(`bind rootfs ${directory}`, () => mount(directory, directory, "", MS_BIND | MS_REC, ""));
  step(`enter rootfs ${directory}`, () => {
    chdir(directory);
    pivotRoot(".", ".");
    umount(".", MNT_DETACH);
    chdir("/");
  });
}

/** Mounts one entry of config.json below the present root. A read-only /dev is closed later: nodes are still to be made in it. */
export function mountEntry(entry: MountRequest): void {
  const { flags, propagation, data } = parseMountOptions(entry.options);
  const type = mountTypes[entry.type] ?? entry.type;
  const early = entry.destination === "/dev" ? flags & ~MS_RDONLY : flags;
  const target = step(`mount ${entry.type} on ${entry.destination}`, () => {
    checkPlace(entry);
    const covered = statIfThere(entry.destination);
    const directory = makeDirectories(entry.destination);
    mount(entry.source, directory, type, early, fileSystemOptions(type, data, covered));
    return directory;
  });
  for (const kind of propagation)
    step(`set propagation of ${entry.destination}`, () => mount("", target, "", kind, ""));
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
