import { type BlockRootfs, RunvError } from "@runv/protocol";
import { until, type Wait } from "../linux/deadline.ts";
import { errnoOf, step, stepError, tolerate } from "../linux/errno.ts";
import { MNT_DETACH, MS_RDONLY } from "../linux/mount-options.ts";
import { O_RDONLY } from "../linux/open-flags.ts";
import { makeDirectories, statIfThere } from "../linux/paths.ts";
import { close, mount, open, read, umount } from "../linux/sys.ts";
import { containerDirectory, rootfsDirectory } from "./scratch.ts";

const deviceAppears: Wait = { intervalMs: 2, deadlineMs: 5_000 };

interface Signature {
  readonly filesystem: string;
  readonly offset: number;
  readonly bytes: readonly number[];
  readonly writable: boolean;
}

/** Where file systems say what they are, within the first 2 KiB (linux/magic.h, and each one's on-disk format). */
const signatures: readonly Signature[] = [
  { filesystem: "ext4", offset: 1080, bytes: [0x53, 0xef], writable: true },
  { filesystem: "xfs", offset: 0, bytes: [0x58, 0x46, 0x53, 0x42], writable: true },
  { filesystem: "squashfs", offset: 0, bytes: [0x68, 0x73, 0x71, 0x73], writable: false },
  { filesystem: "erofs", offset: 1024, bytes: [0xe2, 0xe1, 0xf5, 0xe0], writable: false },
];
const signatureBytes = 2048;

/** Mounts a disk as a container's rootfs. @returns the directory */
export async function mountBlockRootfs(id: string, block: BlockRootfs): Promise<string> {
  const what = `rootfs of container ${id}`;
  if (!/^\/dev\/[\w-]+$/.test(block.device))
    throw new RunvError("invalid-argument", `${what}: no such device: "${block.device}"`);
  await until(() => statIfThere(block.device) !== null, `wait for ${block.device}`, deviceAppears);
  const found = signatureOf(block, what);
  const rootfs = rootfsDirectory(id);
  if (!block.overlay) {
    if (!found.writable)
      throw new RunvError(
        "unsupported",
        `${what}: ${found.filesystem} cannot be written: let changes go to the scratch`,
      );
    mountAt(rootfs, () => mount(block.device, rootfs, found.filesystem, 0, ""), what);
    return rootfs;
  }
  const [lower, upper, work] = ["lower", "upper", "work"].map((name) => `${containerDirectory(id)}/${name}`);
  mountAt(lower ?? "", () => mount(block.device, lower ?? "", found.filesystem, MS_RDONLY, ""), what);
  makeDirectories(upper ?? "");
  makeDirectories(work ?? "");
  mountAt(
    rootfs,
    () => mount("overlay", rootfs, "overlay", 0, `lowerdir=${lower},upperdir=${upper},workdir=${work}`),
    what,
  );
  return rootfs;
}

/** Takes such mounts away, if there are any. */
export function unmountBlockRootfs(id: string): void {
  for (const path of [rootfsDirectory(id), `${containerDirectory(id)}/lower`])
    tolerate(["EINVAL", "ENOENT", "ENOTDIR"], () => umount(path, MNT_DETACH));
}

function mountAt(path: string, act: () => void, what: string): void {
  makeDirectories(path);
  try {
    act();
  } catch (thrown) {
    if (errnoOf(thrown) === "ENODEV")
      throw stepError(`mount ${what}: the guest's kernel has no such file system`, thrown);
    throw stepError(`mount ${what}`, thrown, "invalid-argument");
  }
}

/** What the disk says of itself counts; a name that the host gives must agree. */
function signatureOf(block: BlockRootfs, what: string): Signature {
  const head = step(`read ${block.device}`, () => headOf(block.device));
  const found = signatures.find(({ offset, bytes }) =>
    bytes.every((byte, index) => head[offset + index] === byte),
  );
  if (found === undefined)
    throw new RunvError("invalid-argument", `${what}: no file system that is known here is on the disk`);
  if (block.filesystem !== "" && block.filesystem !== found.filesystem)
    throw new RunvError(
      "invalid-argument",
      `${what}: the disk holds ${found.filesystem}, not ${block.filesystem}`,
    );
  return found;
}

function headOf(device: string): Uint8Array {
  const fd = open(device, O_RDONLY);
  try {
    return read(fd, signatureBytes);
  } finally {
    close(fd);
  }
}
