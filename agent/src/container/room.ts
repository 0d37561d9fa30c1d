import { type MemoryRange, type Resources, RunvError } from "@runv/protocol";
import { defaultCpuPeriodUs } from "@runv/protocol/cgroup-values";
import { totalMemoryBytes } from "../linux/memory.ts";
import { blocksIn, type MemoryBlock } from "../linux/memory-blocks.ts";
import { processorCount, spareProcessors } from "../linux/processors.ts";
import { mergeLimits, type PresentLimits } from "../linux/resources/present-limits.ts";

/** Of a machine made for a limit, the kernel keeps this part at most for itself. */
const kernelShare = 0.02;
const bytesPerMib = 1_048_576;

/** What a guest's machine has in reserve. */
export interface Reserve {
  readonly spareMemory: readonly MemoryRange[];
  /** More than these no limit asks for: the host has no more. */
  readonly enoughProcessors: number;
  readonly enoughMemoryMib: number;
}

/** What the guest is to be given of it. */
export interface Growth {
  readonly blocks: readonly MemoryBlock[];
  /** Their numbers. */
  readonly processors: readonly number[];
}

/**
 * What the guest lacks to have room for limits. A higher limit than it has room for would be none: the kernel takes it, and the container
 * never gets it.
 * @throws RunvError "unsupported" that names the field when the machine has not as much
 */
export function missingRoom(before: PresentLimits, asked: Resources, reserve: Reserve): Growth {
  const after = mergeLimits(before, asked);
  return {
    blocks: missingBlocks(before.memory.limitBytes ?? 0, asked.memory?.limitBytes ?? 0, reserve),
    processors: missingProcessors(processorsOf(before), processorsOf(after), reserve),
  };
}

function missingBlocks(before: number, asked: number, reserve: Reserve): MemoryBlock[] {
  const total = totalMemoryBytes();
  const enough = Math.min(asked, reserve.enoughMemoryMib * bytesPerMib) * (1 - kernelShare);
  if (asked <= before || total >= enough) return [];
  const absent = blocksIn(reserve.spareMemory).filter(({ isPresent }) => !isPresent);
  const blocks: MemoryBlock[] = [];
  let reached = total;
  for (const block of absent) {
    if (reached >= enough) break;
    reached += block.sizeBytes;
    blocks.push(block);
  }
  if (reached >= enough) return blocks;
  const grows = absent.length === 0 ? "cannot grow" : `can grow to ${inMib(reached)}`;
  const has = `the virtual machine has ${inMib(total)} and ${grows}`;
  return refuse(
    `memory.limit: ${asked} bytes: ${has} (create the container with this limit, or with more spare_memory_mib in runv's configuration)`,
  );
}

function missingProcessors(before: number, asked: number, { enoughProcessors }: Reserve): number[] {
  const count = processorCount();
  const missing = Math.min(Math.ceil(asked), enoughProcessors) - count;
  if (asked <= before || missing <= 0) return [];
  const spare = spareProcessors();
  if (missing <= spare.length) return spare.slice(0, missing);
  const most = spare.length === 0 ? "cannot get more" : `can get ${spare.length} more`;
  const needs = `quota and period ask for ${asked} processors`;
  return refuse(
    `cpu.quota: ${needs}: the virtual machine has ${count}, and ${most} (create the container with this quota, or with more spare_vcpus in runv's configuration)`,
  );
}

/** How many processors' time a container may use; 0: no limit, which needs none. */
function processorsOf({ cpu: { quotaUs = 0, periodUs = defaultCpuPeriodUs } }: PresentLimits): number {
  return Math.max(quotaUs, 0) / periodUs;
}

function inMib(bytes: number): string {
  return `${Math.floor(bytes / bytesPerMib)} MiB`;
}

function refuse(why: string): never {
  throw new RunvError("unsupported", `linux.resources.${why}`);
}
