import type { KernelImage } from "./image-facts.ts";

const kibPerMib = 1024;
/** What kernels keep for themselves of whose file nothing is known: about what the one does that runv comes with. */
const unknownResidentKib = 16 * kibPerMib;
/** Each further processor's own data. */
const kibPerFurtherVcpu = 172;
/** A struct page of 64 bytes for each page of 4 KiB, for whole sections of memory (SPARSEMEM of x86_64). */
const sectionMib = 128;
const pagesKibPerSection = 2048;
/** The hashes of dentries and inodes have 8 bytes for each 8 and 16 KiB, and a power of two of entries. */
const dentryHashShare = 8 / 8192;
const inodeHashShare = 8 / 16_384;

/** A machine, as its guest's memory depends on it. */
export interface MachineSize {
  readonly memoryMib: number;
  readonly vcpuCount: number;
}

/**
 * What /proc/meminfo calls MemTotal: the machine's memory without what the guest kernel keeps for itself from the start. Exact to 0.1 MiB
 * for the kernel that runv comes with, measured from 64 to 8192 MiB.
 * @returns KiB
 */
export function guestTotalKib({ memoryMib, vcpuCount }: MachineSize, image: KernelImage): number {
  const pages = Math.ceil(memoryMib / sectionMib) * pagesKibPerSection;
  const hashed = 2 ** Math.ceil(Math.log2(memoryMib * kibPerMib));
  const hashes = hashed * (dentryHashShare + inodeHashShare);
  const resident = (image.residentKib ?? unknownResidentKib) + (vcpuCount - 1) * kibPerFurtherVcpu;
  return memoryMib * kibPerMib - pages - hashes - resident;
}

/** The size of a machine whose guest tells of `totalKib`, to the nearest MiB. @returns MiB */
export function machineMemoryMib(totalKib: number, vcpuCount: number, image: KernelImage): number {
  const leastKib = totalKib - kibPerMib / 2;
  let memoryMib = Math.max(1, Math.ceil(leastKib / kibPerMib));
  // It grows with every MiB but where a section begins: from the lower bound on it is within 2 % of the size.
  while (guestTotalKib({ memoryMib, vcpuCount }, image) < leastKib) memoryMib += 1;
  return memoryMib;
}
