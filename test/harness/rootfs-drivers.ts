import { execFileSync } from "node:child_process";
import { bundledVirtiofsd } from "./virtiofsd.ts";

/** A way for a root file system into a guest, and what it does by its nature; everything else is the same on all. */
export interface RootfsDriver {
  readonly name: string;
  /** What makes runv take it. */
  readonly env: () => Readonly<Record<string, string>>;
  /** From a directory with the root file system's contents: what config.json's root.path becomes. */
  readonly prepare: (rootfs: string) => string;
  /** The container's changes are on the host. */
  readonly sharesChanges: boolean;
  /** FIFOs, sockets and devices can be made on the rootfs. */
  readonly makesSpecialFiles: boolean;
  /** It damages files that are mapped and appended to at once, or unlinked and then changed: rootfs-exceptions.json says which. */
  readonly isFragile: boolean;
  /** It keeps a descriptor of every file that the guest knows: no more of them than RLIMIT_NOFILE. */
  readonly keepsDescriptors: boolean;
}

/** Room for what tests make; images are sparse. */
const freeMib = 512;

const asItIs = (rootfs: string): string => rootfs;
const image = (format: string) => (rootfs: string) => {
  const file = `${rootfs}.${format}`;
  if (format === "squashfs") execFileSync("mksquashfs", [rootfs, file, "-quiet", "-no-progress"]);
  else if (format === "erofs") execFileSync("mkfs.erofs", ["--quiet", file, rootfs]);
  else execFileSync("mke2fs", ["-q", "-t", "ext4", "-d", rootfs, file, imageSize(rootfs)]);
  if (format !== "qcow2") return file;
  execFileSync("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", file, `${file}.image`]);
  return `${file}.image`;
};
/** @returns as mke2fs wants it */
const imageSize = (rootfs: string): string => {
  const kib = Number.parseInt(execFileSync("du", ["-sk", rootfs], { encoding: "utf8" }), 10);
  return `${Math.ceil(kib / 1024) + freeMib}m`;
};
const block = (name: string, format: string, writes = "scratch"): RootfsDriver => ({
  name,
  env: () => ({ RUNV_BLOCK_WRITES: writes }),
  prepare: image(format),
  sharesChanges: false,
  makesSpecialFiles: true,
  isFragile: false,
  keepsDescriptors: false,
});

export const rootfsDrivers: readonly RootfsDriver[] = [
  {
    name: "stream",
    env: () => ({ RUNV_ROOTFS: "stream" }),
    prepare: asItIs,
    sharesChanges: false,
    makesSpecialFiles: true,
    isFragile: false,
    keepsDescriptors: false,
  },
  {
    name: "virtiofs by the virtiofsd in C",
    env: () => ({ RUNV_ROOTFS: "virtiofs", RUNV_VIRTIOFSD: "/usr/lib/qemu/virtiofsd" }),
    prepare: asItIs,
    sharesChanges: true,
    makesSpecialFiles: true,
    isFragile: true,
    keepsDescriptors: true,
  },
  {
    name: "virtiofs by the virtiofsd in Rust",
    env: () => ({ RUNV_ROOTFS: "virtiofs", RUNV_VIRTIOFSD: bundledVirtiofsd() }),
    prepare: asItIs,
    sharesChanges: true,
    makesSpecialFiles: true,
    isFragile: false,
    keepsDescriptors: true,
  },
  {
    name: "9p",
    env: () => ({ RUNV_ROOTFS: "9p" }),
    prepare: asItIs,
    sharesChanges: true,
    makesSpecialFiles: false,
    isFragile: true,
    keepsDescriptors: false,
  },
  block("block: a raw image of ext4 under an overlay", "ext4"),
  block("block: a qcow2 image of ext4 that is written", "qcow2", "disk"),
  block("block: squashfs", "squashfs"),
  block("block: erofs", "erofs"),
];
