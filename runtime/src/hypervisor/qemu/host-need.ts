import type { HostNeed } from "../../shared/host-need.ts";
import type { VmSpec } from "../hypervisor.ts";
import { chooseAccel } from "./accel.ts";

const bytesPerMib = 1_048_576;
/** The VMM's own memory and that of monitor, proxy and the carrier's helper. */
const ownMib = 64;
/** Each virtual processor's thread. */
const perVcpuMib = 2;
/** Page tables of host and machine for the guest's memory: 8 bytes in each for a page of 4 KiB, rounded up. */
const pageTableShare = 1 / 128;
/** What the VMM notes of each page of memory whether it is used or not: three bits. */
const spareShare = 1 / 8192;
/** Where translated code is kept under emulation; the emulator itself would take a gigabyte. */
export const translationMib = 256;
/** What the translation keeps beside that. */
const emulationMib = 64;
/** A server of files keeps a descriptor, and the host's kernel an inode, for each file that the guest remembers, which its memory bounds. */
const shareMib = 64;
const shareOfGuestMemory = 1 / 2;

/** Main loop, RCU, timers; monitor, proxy, carrier's helper; what KVM adds. */
const ownTasks = 32;
/** The most that the VMM's pool for disks and 9p takes, and the same of virtiofsd's. */
const poolTasks = 64;

/** Bounds, from measured use with room for what was not. */
export function hostNeed(
  spec: Pick<VmSpec, "memoryMib" | "vcpuCount" | "spare" | "accel" | "share">,
): HostNeed {
  const { memoryMib, share, spare } = spec;
  const vcpuCount = spec.vcpuCount + spare.vcpuCount;
  const emulation = chooseAccel(spec.accel) === "tcg" ? translationMib + emulationMib : 0;
  const files = share === null ? 0 : shareMib;
  const perMib = 1 + pageTableShare + (share === null ? 0 : shareOfGuestMemory);
  const around = ownMib + vcpuCount * perVcpuMib + spare.memoryMib * spareShare + emulation + files;
  return {
    memoryBytes: Math.ceil(memoryMib * perMib + around) * bytesPerMib,
    bytesPerAddedMib: Math.ceil(perMib * bytesPerMib),
    tasks: ownTasks + vcpuCount + poolTasks * (share === null ? 1 : 2),
  };
}
