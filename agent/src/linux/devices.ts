import { type Device, RunvError } from "@runv/protocol";
import { defaultDevices } from "./default-devices.ts";
import { step, tolerate } from "./errno.ts";
import { MS_BIND } from "./mount-options.ts";
import type { OldRoot } from "./old-root.ts";
import { O_CREAT, O_NOFOLLOW, O_WRONLY, S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT } from "./open-flags.ts";
import { isDirectory, lstatIfThere, makeDirectories, makeFile, parentOf, unlinkIfThere } from "./paths.ts";
import { chmod, chown, close, mknod, mount, open, type Stat, symlink } from "./sys.ts";
import { type IdMaps, outsideId } from "./user-namespace.ts";

const kinds: Readonly<Record<string, number>> = { c: S_IFCHR, u: S_IFCHR, b: S_IFBLK, p: S_IFIFO };

const links = [
  ["/proc/self/fd", "/dev/fd"],
  ["/proc/self/fd/0", "/dev/stdin"],
  ["/proc/self/fd/1", "/dev/stdout"],
  ["/proc/self/fd/2", "/dev/stderr"],
] as const;

/** The default ones, but for those that `extra` has another way, and these. */
function allDevices(extra: readonly Device[]): readonly Device[] {
  return [...defaultDevices.filter(({ path }) => !extra.some((device) => device.path === path)), ...extra];
}

/** Makes nodes to be bound in a container that has not the privilege for its own (user_namespaces(7)), in the guest's root. */
export function makeDeviceNodes(directory: string, extra: readonly Device[], { uids, gids }: IdMaps): void {
  makeDirectories(directory);
  for (const [index, device] of allDevices(extra).entries())
    step(`make device ${device.path}`, () => {
      const [uid, gid] = [outsideId(uids, device.uid), outsideId(gids, device.gid)];
      if (uid === null || gid === null)
        throw new RunvError("invalid-argument", "its owner is not mapped in the user namespace");
      makeDevice({ ...device, path: `${directory}/${index}`, uid, gid });
    });
}

/** Makes the nodes and links of /dev below the present root. @param nodes where `makeDeviceNodes` has made them; null: nowhere */
export function populateDev(extra: readonly Device[], nodes: string | null, old: OldRoot): void {
  makeDirectories("/dev");
  for (const [index, device] of allDevices(extra).entries())
    step(`make device ${device.path}`, () => {
      if (nodes === null) makeDevice(device);
      else old.bind(`${nodes}/${index}`, makeFile(device.path));
    });
  for (const [target, path] of links) tolerate(["EEXIST"], () => symlink(target, path));
  if (isDirectory("/dev/pts"))
    step("make /dev/ptmx", () => {
      unlinkIfThere("/dev/ptmx");
      symlink("pts/ptmx", "/dev/ptmx");
    });
}

function makeDevice(device: Device): void {
  makeDirectories(parentOf(device.path));
  if (!isSameDevice(lstatIfThere(device.path), device)) {
    unlinkIfThere(device.path);
    mknod(device.path, (kinds[device.type] ?? 0) | device.fileMode, device.major, device.minor);
  }
  chown(device.path, device.uid, device.gid);
  chmod(device.path, device.fileMode);
}

function isSameDevice(found: Stat | null, device: Device): boolean {
  if (found === null || (found.mode & S_IFMT) !== kinds[device.type]) return false;
  return device.type === "p" || (found.rdevMajor === device.major && found.rdevMinor === device.minor);
}

/** Lets /dev/console be this terminal. */
export function bindConsole(terminalPath: string): void {
  step("bind /dev/console", () => {
    if (lstatIfThere("/dev/console") === null)
      close(open("/dev/console", O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600));
    mount(terminalPath, "/dev/console", "", MS_BIND, "");
  });
}
