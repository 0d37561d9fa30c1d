import type { Resources } from "@runv/protocol";
import { type CpuLimits, mergeCpu } from "./cpu-writes.ts";
import { type MemoryLimits, mergeMemory } from "./memory-writes.ts";

/** The limits of a container that others are worked out from. */
export interface PresentLimits {
  readonly memory: MemoryLimits;
  readonly cpu: CpuLimits;
}

export const noLimits: PresentLimits = { memory: {}, cpu: {} };

/** The limits that hold when `asked` has been set. */
export function mergeLimits(before: PresentLimits, asked: Resources): PresentLimits {
  return {
    memory: mergeMemory(before.memory, asked.memory ?? {}),
    cpu: mergeCpu(before.cpu, asked.cpu ?? {}),
  };
}
