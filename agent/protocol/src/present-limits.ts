import type { CpuResources, MemoryResources, Resources } from "./generated/agent.ts";

/** In config.json's terms. */
export const noLimit = -1;

/** The limits that hold already, in config.json's terms: those of memory, and of processor time. */
export type MemoryLimits = Pick<MemoryResources, "limitBytes" | "swapBytes">;
export type CpuLimits = Pick<CpuResources, "quotaUs" | "periodUs">;

/** The limits of a container that others are worked out from: the same in the guest and on the host. */
export interface PresentLimits {
  readonly memory: MemoryLimits;
  readonly cpu: CpuLimits;
}

export const noLimits: PresentLimits = { memory: {}, cpu: {} };

/** The limits that hold when `asked` has been set. */
export function mergeLimits(before: PresentLimits, asked: Pick<Resources, "memory" | "cpu">): PresentLimits {
  return {
    memory: mergeMemory(before.memory, asked.memory ?? {}),
    cpu: mergeCpu(before.cpu, asked.cpu ?? {}),
  };
}

/** What is asked for now, with what of the rest still holds; no limit of memory is none of swap either, as with runc. */
function mergeMemory(before: MemoryLimits, asked: MemoryLimits): MemoryLimits {
  const limitBytes = asked.limitBytes ?? before.limitBytes;
  const implied = asked.limitBytes === noLimit ? noLimit : before.swapBytes;
  return { limitBytes, swapBytes: asked.swapBytes ?? implied };
}

function mergeCpu(before: CpuLimits, asked: CpuLimits): CpuLimits {
  return { quotaUs: asked.quotaUs ?? before.quotaUs, periodUs: asked.periodUs ?? before.periodUs };
}
