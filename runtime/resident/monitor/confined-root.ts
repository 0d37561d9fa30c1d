import type { ConfinedRoot } from "../contract/monitor.ts";
import { fileType, mountFlag, open, umountDetach } from "../linux/constants.ts";
import { errnoName, step } from "../linux/system-error.ts";
import * as sys from "../sys.ts";
import { bindShare } from "./share.ts";

/** Directory entries and short links only; everything else is bound. */
const tmpfsData = "size=1m,nr_inodes=1024,mode=0755";
const directoryMode = 0o755;
const mountPointMode = 0o644;
const deviceMode = 0o600;
const rootUmask = 0o022;

/**
 * Makes an empty tmpfs at `directory`, puts what `root` names in it and makes it the root of this process' mount namespace, which must be
 * its own. Afterwards nothing else of the host can be reached by a path.
 */
export function enterConfinedRoot(directory: string, root: ConfinedRoot, user: number): void {
  const umask = sys.umask(rootUmask);
  // Nothing that is mounted here may show on the host; the other way, only below a share that asks for it.
  const slaves = root.shares.some((share) => share.propagation === "slave");
  sys.mount("none", "/", "", (slaves ? mountFlag.slave : mountFlag.private) | mountFlag.recursive, "");
  const flags = mountFlag.nosuid | mountFlag.noexec | (root.devices.length === 0 ? mountFlag.nodev : 0);
  sys.mount("runv", directory, "tmpfs", flags, tmpfsData);
  for (const path of root.directories) makeDirectories(directory, path);
  for (const device of root.devices) makeDevice(directory, device, user);
  for (const bind of root.binds) step(`bind ${bind.source}`, () => addBind(directory, bind));
  for (const share of root.shares) step(`share ${share.source}`, () => addShare(directory, share));
  for (const link of root.links) makeLink(directory, link);
  if (root.proc) step("mount /proc", () => addProc(directory));
  sys.chdir(directory);
  // The old root lands on top of the new one and is then taken off: pivot_root(2), "pivot_root(".", ".")".
  sys.pivotRoot(".", ".");
  sys.umount(".", umountDetach);
  sys.chdir("/");
  sys.mount("none", "/", "", mountFlag.remount | mountFlag.bind | mountFlag.readonly | flags, "");
  sys.umask(umask);
}

function makeDevice(directory: string, device: ConfinedRoot["devices"][number], user: number): void {
  const path = directory + device.path;
  makeDirectories(directory, parentOf(device.path));
  sys.mknod(path, fileType.character | deviceMode, device.major, device.minor);
  sys.chown(path, user, user);
}

function makeLink(directory: string, link: ConfinedRoot["links"][number]): void {
  makeDirectories(directory, parentOf(link.path));
  sys.symlink(link.target, directory + link.path);
}

function addBind(directory: string, bind: ConfinedRoot["binds"][number]): void {
  const source = statOptional(bind.source, bind.optional);
  if (source === null) return;
  const target = directory + bind.target;
  const type = source.mode & fileType.mask;
  makeTarget(directory, bind.target, type);
  sys.mount(bind.source, target, "", mountFlag.bind, "");
  sys.mount("none", target, "", mountFlag.private, "");
  const isDevice = type === fileType.character || type === fileType.block;
  // Programs and libraries come read-only; what the process can write it need not execute.
  const access = bind.readonly ? mountFlag.readonly : mountFlag.noexec;
  const device = isDevice ? 0 : mountFlag.nodev;
  sys.mount("none", target, "", mountFlag.remount | mountFlag.bind | mountFlag.nosuid | device | access, "");
}

function addShare(directory: string, share: ConfinedRoot["shares"][number]): void {
  makeTarget(directory, share.target, sys.stat(share.source).mode & fileType.mask);
  bindShare(share, directory + share.target);
}

/** Files of /proc/sys belong to root, which needs no capability to write them. */
function addProc(directory: string): void {
  makeDirectories(directory, "/proc");
  const flags = mountFlag.nosuid | mountFlag.nodev | mountFlag.noexec | mountFlag.readonly;
  sys.mount("proc", `${directory}/proc`, "proc", flags, "");
}

function makeTarget(directory: string, path: string, type: number): void {
  if (type === fileType.directory) makeDirectories(directory, path);
  else makeMountPoint(directory, path);
}

function statOptional(path: string, optional: boolean): sys.Stat | null {
  try {
    return sys.stat(path);
  } catch (thrown) {
    if (optional && errnoName(thrown) === "ENOENT") return null;
    throw thrown;
  }
}

function makeMountPoint(directory: string, path: string): void {
  makeDirectories(directory, parentOf(path));
  sys.close(sys.open(directory + path, open.writeOnly | open.create | open.nofollow, mountPointMode));
}

function makeDirectories(directory: string, path: string): void {
  let made = directory;
  for (const component of path.split("/")) {
    if (component === "") continue;
    made += `/${component}`;
    try {
      sys.mkdir(made, directoryMode);
    } catch (thrown) {
      if (errnoName(thrown) !== "EEXIST") throw thrown;
    }
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
