import { type Resources, RunvError } from "@runv/protocol";
import type { PresentLimits } from "@runv/protocol/present-limits";
import type { CgroupWrite } from "./cgroup-write.ts";
import { cpuWrites } from "./cpu-writes.ts";
import { blockIoWrite, hugepageWrites, rdmaWrites } from "./device-writes.ts";
import { memoryWrites } from "./memory-writes.ts";

/** What version 2 cgroups are told, in runc's order: what config.json says by the kernel's own names counts last. */
export function resourceWrites(asked: Resources, merged: PresentLimits): CgroupWrite[] {
  const { pidsLimit, memory, blockIoWeight, cpu, hugepageLimits, rdmaLimits, unified } = asked;
  refuseVersionOne(asked);
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

/** @throws RunvError "unsupported" for what only version 1 has, naming the field */
function refuseVersionOne({ memory, cpu, networkClassId, networkPriorities }: Resources): void {
  const asked = {
    "memory.kernel": memory?.kernelBytes,
    "memory.kernelTCP": memory?.kernelTcpBytes,
    "memory.swappiness": memory?.swappiness,
    "memory.disableOOMKiller": memory?.disableOomKiller === true ? 1 : undefined,
    "cpu.realtimeRuntime": cpu?.realtimeRuntimeUs,
    "cpu.realtimePeriod": cpu?.realtimePeriodUs,
    "network.classID": networkClassId,
    "network.priorities": networkPriorities[0],
  };
  for (const [field, value] of Object.entries(asked))
    if (value !== undefined)
      throw new RunvError("unsupported", `linux.resources.${field}: version 2 cgroups have none`);
}

export function pidsWrite(limit: number): CgroupWrite {
  return { field: "pids.limit", file: "pids.max", value: limit < 0 ? "max" : String(limit) };
}

/** What is empty clears a list, and takes a write all the same. */
function unifiedWrite(name: string, value: string): CgroupWrite {
  return { field: `unified.${name}`, file: name, value: value === "" ? "\n" : value };
}
