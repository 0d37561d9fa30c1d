import type { CpuResources } from "@runv/protocol";
import { cpuWeight, defaultCpuPeriodUs } from "@runv/protocol/cgroup-values";
import type { CpuLimits } from "@runv/protocol/present-limits";
import type { CgroupWrite } from "./cgroup-write.ts";

/** @param merged with the limits that hold already: quota and period are one setting */
export function cpuWrites(asked: CpuResources, merged: CpuLimits): CgroupWrite[] {
  const { shares, quotaUs, periodUs, burstUs, idle } = asked;
  const burst = (value: number): CgroupWrite => write("burst", "cpu.max.burst", String(value));
  return [
    ...(idle === undefined ? [] : [write("idle", "cpu.idle", idle ? "1" : "0")]),
    ...(shares === undefined ? [] : [write("shares", "cpu.weight", String(cpuWeight(shares)))]),
    // The burst is never more than the quota: neither the old one beside the new quota nor the other way round.
    ...(burstUs === undefined ? [] : [burst(0)]),
    ...(quotaUs === undefined && periodUs === undefined ? [] : [cpuMax(quotaUs, merged)]),
    ...(burstUs === undefined ? [] : [burst(burstUs)]),
  ];
}

function cpuMax(
  asked: number | undefined,
  { quotaUs = 0, periodUs = defaultCpuPeriodUs }: CpuLimits,
): CgroupWrite {
  const quota = quotaUs > 0 ? String(quotaUs) : "max";
  return write(asked === undefined ? "period" : "quota", "cpu.max", `${quota} ${periodUs}`);
}

function write(name: string, file: string, value: string): CgroupWrite {
  return { field: `cpu.${name}`, file, value };
}
