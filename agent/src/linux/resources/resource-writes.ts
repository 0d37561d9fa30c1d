import type { Resources } from "@runv/protocol";
import type { CgroupWrite } from "./cgroup-write.ts";
import { type CpuLimits, cpuWrites, mergeCpu } from "./cpu-writes.ts";
import { blockIoWrite, hugepageWrites, rdmaWrites } from "./device-writes.ts";
import { type MemoryLimits, memoryWrites, mergeMemory } from "./memory-writes.ts";

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

/** What version 2 cgroups are told, in runc's order: what config.json says by the kernel's own names counts last. */
export function resourceWrites(asked: Resources, merged: PresentLimits): CgroupWrite[] {
  const { pidsLimit, memory, blockIoWeight, cpu, hugepageLimits, rdmaLimits, unified } = asked;
  return [
    ...(pidsLimit === undefined ? [] : [pidsWrite(pidsLimit)]),
    ...(memory === undefined ? [] : memoryWrites(memory, merged.memory)),
    ...(blockIoWeight === undefined ? [] : [blockIoWrite(blockIoWeight)]),
    ...(cpu === undefined ? [] : cpuWrites(cpu, merged.cpu)),
    ...hugepageWrites(hugepageLimits),
    ...rdmaWrites(rdmaLimits),
    ...unified.map(({ name, value }) => unifiedWrite(name, value)),
  ];
}

function pidsWrite(limit: number): CgroupWrite {
  return { field: "pids.limit", file: "pids.max", value: limit < 0 ? "max" : String(limit) };
}

/** What is empty clears a list, and takes a write all the same. */
function unifiedWrite(name: string, value: string): CgroupWrite {
  return { field: `unified.${name}`, file: name, value: value === "" ? "\n" : value };
}
