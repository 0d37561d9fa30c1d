import { expect } from "vitest";
import { limitOf, startLimited } from "./harness/cgroup.ts";
import { cgroupSuite } from "./harness/suite.ts";

const quotaAndPeriod = ["cpu.max", "cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us"] as const;

cgroupSuite("linux.resources.cpu", ({ each, test }) => {
  each(
    [
      { cpu: { quota: 50_000 }, shown: ["50000", "100000"] },
      { cpu: { quota: 20_000, period: 50_000 }, shown: ["20000", "50000"] },
      { cpu: { quota: 0, period: 0 }, shown: ["max", "100000"] },
      { cpu: { quota: -1, period: 50_000 }, shown: ["max", "50000"] },
    ],
    ({ cpu }) => `quota and period: ${JSON.stringify(cpu)}`,
    async (bed, { cpu, shown }) => {
      const text = await limitOf(bed, await startLimited(bed, { cpu }), ...quotaAndPeriod);
      // Version 1 has -1 for no quota.
      expect(text.replace("-1", "max").split(/\s+/)).toEqual(shown);
    },
    () => "cgroup-limits",
  );

  test(
    "shares: the default is the kernel's own weight",
    async (bed) => {
      const id = await startLimited(bed, { cpu: { shares: 1024 } });
      expect(await limitOf(bed, id, "cpu.weight", "cpu/cpu.shares")).toMatch(/^(100|1024)$/);
    },
    "cgroup-limits",
  );

  test(
    "burst, idle",
    async (bed) => {
      const burst = await startLimited(bed, { cpu: { quota: 50_000, burst: 10_000 } });
      expect(await limitOf(bed, burst, "cpu.max.burst", "none")).toBe("10000");
      const idle = await startLimited(bed, { cpu: { idle: 1 } });
      expect(await limitOf(bed, idle, "cpu.idle", "none")).toBe("1");
    },
    "cgroup2-limits",
  );
});
