import type { MemoryRange } from "@runv/protocol";
import { RunvError } from "@runv/protocol";
import { noteAddedMemory } from "../linux/cgroups/reserve.ts";
import { addBlock, blocksIn, type MemoryBlock } from "../linux/memory-blocks.ts";
import { addProcessor, processorCount, spareProcessors } from "../linux/processors.ts";
import type { Containers } from "./containers.ts";

/** What a guest is to have of its machine. */
export interface GuestSize {
  /** Spare memory, what it has of it already included. */
  readonly memory: readonly MemoryRange[];
  /** At least so many. */
  readonly processors: number;
}

/** What it lacks of that. */
export interface Growth {
  readonly blocks: readonly MemoryBlock[];
  /** Their numbers. */
  readonly processors: readonly number[];
}

export function missing({ memory, processors }: GuestSize): Growth {
  const spare = spareProcessors();
  const count = Math.max(processors - processorCount(), 0);
  if (count > spare.length)
    throw new RunvError(
      "unsupported",
      `virtual machine: it has ${spare.length} processors to spare, not ${count}`,
    );
  return {
    blocks: blocksIn(memory).filter(({ isOnline }) => !isOnline),
    processors: spare.slice(0, count),
  };
}

/** To be called in a child: the kernel may take a while over each block. */
export function grow({ blocks, processors }: Growth): void {
  for (const block of blocks) addBlock(block);
  for (const number of processors) addProcessor(number);
}

/** Lets containers have what the guest has been given. Not before their limits say how much of it: some have none. */
export function shareGrowth(containers: Containers): void {
  noteAddedMemory();
  for (const { cgroup } of containers.all()) cgroup.followGuest();
}
