import { closeSync, constants, openSync, readSync, realpathSync, type Stats, statSync } from "node:fs";
import { RunvError } from "@runv/protocol/errors";
import type { BlockWritesChoice } from "../config/choices.ts";
import type { Disk } from "../shared/disk.ts";
import { excerpt } from "../shared/excerpt.ts";
import { hostFailure, systemErrorCode } from "../shared/system-error.ts";
import { deviceName, deviceSizeBytes, type HostMount, hostMounts, loopDevicesOf } from "./mounted-devices.ts";
import type { RootfsDriver, RootfsRequest } from "./rootfs-driver.ts";

/** The first bytes of a qcow2 image (QEMU: docs/interop/qcow2.txt). */
const qcow2Magic = "QFI\xfb";
/** What a qcow2 image needs besides its contents, in parts of these: tables and reference counts. */
const qcow2OverheadParts = 8;

/** The rootfs is a disk: an image, a block device, or the device under a read-only mount. */
export function blockRootfs(writes: BlockWritesChoice): RootfsDriver {
  return {
    name: "block",
    plan: async (request) => {
      const disk = await openDisk(request, writes === "scratch");
      return {
        trees: [],
        copies: [],
        disk,
        needsScratch: disk.readonly,
        rootfs: {
          driver: "block",
          readonly: request.readonly,
          tree: "",
          block: { device: "", filesystem: "", overlay: disk.readonly },
        },
      };
    },
  };
}

/**
 * A file system that two kernels have mounted, one of them to write, is lost. So nothing is taken that this host has mounted
 * writable, and nothing is given out to be written that this host has in use at all.
 * @throws RunvError "invalid-state" for such a one.
 */
async function openDisk(request: RootfsRequest, readonly: boolean): Promise<Disk> {
  const { rootfs } = request;
  const stat = statSync(rootfs);
  if (stat.isBlockDevice()) return openDevice(rootfs, deviceName(stat.rdev), readonly);
  if (stat.isFile()) return openImage(request, stat, readonly);
  if (!readonly)
    throw refusal(
      rootfs,
      "this host has it mounted: give the device or image itself as root.path to have it written",
    );
  return openMounted(rootfs);
}

function openMounted(directory: string): Disk {
  const path = realpathSync(directory);
  const mount = hostMounts().findLast(({ mountPoint }) => mountPoint === path);
  if (mount === undefined || mount.root !== "/" || !isBlockDevice(mount.source))
    throw new RunvError(
      "unsupported",
      `rootfs: block: ${excerpt(directory)}: not the mount point of a whole block device: give a device or an image as root.path, or use another driver`,
    );
  return openDevice(mount.source, mount.device, true);
}

function openDevice(path: string, name: string, readonly: boolean): Disk {
  const uses = hostMounts().filter(({ device }) => device === name);
  checkUses(path, uses, readonly);
  // O_EXCL: EBUSY while the kernel or another program has claimed the device; and no mount(2) from here on (open(2)).
  const flags = readonly ? constants.O_RDONLY : constants.O_RDWR | constants.O_EXCL;
  const descriptor = open(path, flags);
  return { descriptor, sizeBytes: deviceSizeBytes(name), format: "raw", readonly };
}

async function openImage(request: RootfsRequest, stat: Stats, readonly: boolean): Promise<Disk> {
  const path = request.rootfs;
  const loops = loopDevicesOf(stat);
  checkUses(
    path,
    hostMounts().filter(({ device }) => loops.includes(device)),
    readonly,
  );
  if (loops.length > 0 && !readonly) throw refusal(path, "it is attached to a loop device of this host");
  const descriptor = open(path, readonly ? constants.O_RDONLY : constants.O_RDWR);
  try {
    if (!isQcow2(descriptor)) return { descriptor, sizeBytes: stat.size, format: "raw", readonly };
    return { descriptor, sizeBytes: await qcow2SizeBytes(request), format: "qcow2", readonly };
  } catch (cause) {
    closeSync(descriptor);
    throw cause;
  }
}

function checkUses(path: string, uses: readonly HostMount[], readonly: boolean): void {
  const [use] = readonly ? uses.filter((mount) => !mount.readonly) : uses;
  if (use !== undefined)
    throw refusal(
      path,
      `this host has it mounted on ${use.mountPoint}${use.readonly ? "" : ", writable"}: unmount it there${readonly ? ", or mount it read-only" : ""}`,
    );
}

/** An image that names further files would have the guest read them. @throws RunvError "unsupported" */
async function qcow2SizeBytes({ rootfs, signal }: RootfsRequest): Promise<number> {
  const { imageInfo } = await import("qemu-img-ts");
  const info = await imageInfo(rootfs, { format: "qcow2", signal });
  const other = info.backingFile ?? info.dataFile;
  if (other !== null)
    throw new RunvError(
      "unsupported",
      `rootfs: block: ${excerpt(rootfs)}: the image needs another file, ${excerpt(other)}: make the image whole first`,
    );
  return info.virtualSizeBytes + Math.ceil(info.virtualSizeBytes / qcow2OverheadParts);
}

function isQcow2(descriptor: number): boolean {
  const head = Buffer.alloc(qcow2Magic.length);
  readSync(descriptor, head, 0, head.length, 0);
  return head.toString("latin1") === qcow2Magic;
}

function open(path: string, flags: number): number {
  try {
    return openSync(path, flags);
  } catch (cause) {
    if (systemErrorCode(cause) === "EBUSY") throw refusal(path, "something on this host has claimed it");
    throw hostFailure(`rootfs: block: ${excerpt(path)}`, cause);
  }
}

function refusal(path: string, why: string): RunvError {
  return new RunvError(
    "invalid-state",
    `rootfs: block: ${excerpt(path)}: a file system that two kernels use, one of them writing, is destroyed: ${why}`,
  );
}

function isBlockDevice(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isBlockDevice() ?? false;
}
