import type { KernelImage, ReadAt } from "./image-facts.ts";

/** Documentation/arch/x86/boot.rst of the kernel, "The Real-Mode Kernel Header": offsets in the file. */
const header = {
  bytes: 0x264,
  magic: 0x202,
  protocolVersion: 0x206,
  releasePointer: 0x20e,
  loadFlags: 0x211,
  initSize: 0x260,
};
const magic = "HdrS";
/** The pointer is relative to this. */
const setupStart = 0x200;
const maxReleaseBytes = 256;
/** The oldest protocol that has all of these. */
const firstProtocolVersion = 0x0200;
const loadedHigh = 1;
/** The oldest protocol that says how much memory the kernel starts in. */
const initSizeVersion = 0x020a;
/**
 * What is left of that when it runs: initial code, gaps and room to unpack itself are free then. 0.746 of it with the kernel that runv
 * comes with, 0.752 with Debian's 6.1, both measured.
 */
const residentShare = 0.75;
const bytesPerKib = 1024;

/** @returns null when it is no compressed kernel of x86 */
export function readBzImage(readAt: ReadAt): KernelImage | null {
  const bytes = readAt(0, header.bytes);
  if (bytes.length < header.bytes) return null;
  if (bytes.toString("latin1", header.magic, header.magic + magic.length) !== magic) return null;
  if (bytes.readUInt16LE(header.protocolVersion) < firstProtocolVersion) return null;
  if ((bytes.readUInt8(header.loadFlags) & loadedHigh) === 0) return null;
  const pointer = bytes.readUInt16LE(header.releasePointer);
  const text = pointer === 0 ? "" : readAt(setupStart + pointer, maxReleaseBytes).toString("latin1");
  // What it can do is in what is compressed.
  return {
    format: "bzImage",
    release: /^[\w.+~-]*/.exec(text)?.[0] ?? "",
    virtioMmio: null,
    residentKib: residentKib(bytes),
  };
}

function residentKib(bytes: Buffer): number | null {
  if (bytes.readUInt16LE(header.protocolVersion) < initSizeVersion) return null;
  return Math.round((bytes.readUInt32LE(header.initSize) * residentShare) / bytesPerKib);
}
