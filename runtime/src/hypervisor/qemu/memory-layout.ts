import { type MemoryRange, memoryBlockMib, type VmSpec } from "../hypervisor.ts";
import type { Machine } from "./machines.ts";

const fourGibMib = 4096;

/** A machine's memory by its addresses in the guest. */
export interface MemoryLayout {
  /** Of the whole machine. */
  readonly totalMib: number;
  /** Where what the guest is told of at its start ends; null: it is told of all. */
  readonly endMib: number | null;
  readonly spare: readonly MemoryRange[];
}

/** Spare memory begins with a block of its own: the kernel has the rest of the one that its memory ends in, and adds only whole ones. */
export function memoryLayout(
  { memoryMib, spare }: Pick<VmSpec, "memoryMib" | "spare">,
  machine: Machine,
): MemoryLayout {
  if (spare.memoryMib === 0) return { totalMib: memoryMib, endMib: null, spare: [] };
  const firstMib = wholeBlocks(memoryMib);
  const tablesMib = machine.hasTablesInLowMemory ? memoryBlockMib : 0;
  const totalMib = firstMib + wholeBlocks(spare.memoryMib) + tablesMib;
  // Of whole blocks as well: above 4 GiB addresses and blocks stay in step.
  const lowMib = Math.min(machine.lowMemoryMib(totalMib), totalMib);
  const addressOf = (mib: number): number => (mib <= lowMib ? mib : fourGibMib + mib - lowMib);
  const lowEndMib = lowMib - tablesMib;
  const firstHighMib = Math.max(firstMib, lowMib);
  return {
    totalMib,
    endMib: addressOf(memoryMib),
    spare: [
      { startMib: firstMib, sizeMib: lowEndMib - firstMib },
      { startMib: fourGibMib + firstHighMib - lowMib, sizeMib: totalMib - firstHighMib },
    ].filter(({ sizeMib }) => sizeMib > 0),
  };
}

function wholeBlocks(mib: number): number {
  return Math.ceil(mib / memoryBlockMib) * memoryBlockMib;
}
