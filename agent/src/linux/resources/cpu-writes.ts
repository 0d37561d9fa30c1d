import type { CpuResources } from "@runv/protocol";
import type { CgroupWrite } from "./cgroup-write.ts";

/** What the kernel takes when nobody says otherwise (Documentation/admin-guide/cgroup-v2.rst, cpu.max). */
export const defaultPeriodUs = 100_000;
/** Bounds of shares in version 1 cgroups. */
const minShares = 2;
const maxShares = 262_144;
/** The result of a power is not exact: 1,024 shares are 100 and no more. */
const rounding = 1e-9;

/** The limits of processor time that hold already, in config.json's terms. */
export type CpuLimits = Pick<CpuResources, "quotaUs" | "periodUs">;

export function mergeCpu(before: CpuLimits, asked: CpuLimits): CpuLimits {
  return { quotaUs: asked.quotaUs ?? before.quotaUs, periodUs: asked.periodUs ?? before.periodUs };
}

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
  { quotaUs = 0, periodUs = defaultPeriodUs }: CpuLimits,
): CgroupWrite {
  const quota = quotaUs > 0 ? String(quotaUs) : "max";
  return write(asked === undefined ? "period" : "quota", "cpu.max", `${quota} ${periodUs}`);
}

function write(name: string, file: string, value: string): CgroupWrite {
  return { field: `cpu.${name}`, file, value };
}

/**
 * The weight of version 2 that stands for shares of version 1. The smallest, the default and the largest of both are each other's, with
 * a quadratic function between their logarithms: runc's since 1.4, which older ones map by a straight line that makes 39 of the default.
 */
function cpuWeight(shares: number): number {
  const log = Math.log2(Math.min(Math.max(shares, minShares), maxShares));
  const exponent = (log * log + 125 * log) / 612 - 7 / 34;
  return Math.ceil(10 ** exponent - rounding);
}
