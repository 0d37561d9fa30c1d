import type { CpuResources } from "@runv/protocol";
import { noLimit } from "@runv/protocol/present-limits";
import type { CgroupWrite } from "../cgroup-write.ts";

export function cpuWrites(asked: CpuResources): CgroupWrite[] {
  const { shares, quotaUs, periodUs, burstUs, idle } = asked;
  return [
    // The shares of a group that is idle cannot be set.
    ...(idle === false ? write("idle", "cpu.idle", 0) : []),
    ...write("shares", "cpu.shares", shares),
    ...write("realtimePeriod", "cpu.rt_period_us", asked.realtimePeriodUs),
    ...write("realtimeRuntime", "cpu.rt_runtime_us", asked.realtimeRuntimeUs),
    // The burst is never more than the quota: neither the old one beside the new quota nor the other way round.
    ...(burstUs === undefined ? [] : write("burst", "cpu.cfs_burst_us", 0)),
    ...write("period", "cpu.cfs_period_us", periodUs),
    ...write("quota", "cpu.cfs_quota_us", quotaUs === undefined || quotaUs > 0 ? quotaUs : noLimit),
    ...write("burst", "cpu.cfs_burst_us", burstUs),
    ...(idle === true ? write("idle", "cpu.idle", 1) : []),
  ];
}

function write(name: string, file: string, value: number | undefined): CgroupWrite[] {
  return value === undefined ? [] : [{ field: `cpu.${name}`, file, value: String(value) }];
}
