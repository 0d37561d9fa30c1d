import { Resources } from "@runv/protocol";
import { mergeLimits, noLimits, type PresentLimits } from "@runv/protocol/present-limits";
import { describe, expect, test } from "vitest";
import { resourceWrites } from "../../../../agent/src/linux/resources/resource-writes.ts";

/** "FILE VALUE" for each write, on top of limits that hold already. */
function writes(
  asked: Parameters<typeof Resources.fromPartial>[0],
  before: PresentLimits = noLimits,
): string[] {
  const resources = Resources.fromPartial(asked);
  return resourceWrites(resources, mergeLimits(before, resources)).map(
    ({ file, value }) => `${file} ${value}`,
  );
}

test("nothing that is not asked for is written", () => {
  expect(writes({})).toEqual([]);
  expect(writes({ memory: {}, cpu: {} })).toEqual([]);
});

describe("shares become the weight that stands for them", () => {
  test.each([
    [2, 1],
    [256, 35],
    [512, 59],
    [1024, 100],
    [2048, 174],
    [262_144, 10_000],
    [1, 1],
    [1_000_000, 10_000],
  ])("%i: %i", (shares, weight) => {
    expect(writes({ cpu: { shares } })).toEqual([`cpu.weight ${weight}`]);
  });
});

describe("quota and period are one setting", () => {
  test.each([
    [{ quotaUs: 50_000 }, "50000 100000"],
    [{ periodUs: 20_000 }, "max 20000"],
    [{ quotaUs: -1, periodUs: 20_000 }, "max 20000"],
    [{ quotaUs: 5000, periodUs: 10_000 }, "5000 10000"],
  ])("%j: %s", (cpu, text) => {
    expect(writes({ cpu })).toEqual([`cpu.max ${text}`]);
  });

  test("the one that is not named is the one that holds", () => {
    const before = { memory: {}, cpu: { quotaUs: 5000, periodUs: 10_000 } };
    expect(writes({ cpu: { quotaUs: 7000 } }, before)).toEqual(["cpu.max 7000 10000"]);
    expect(writes({ cpu: { periodUs: 20_000 } }, before)).toEqual(["cpu.max 5000 20000"]);
  });

  test("a burst is never more than the quota on the way", () => {
    expect(writes({ cpu: { quotaUs: 5000, burstUs: 4000 } })).toEqual([
      "cpu.max.burst 0",
      "cpu.max 5000 100000",
      "cpu.max.burst 4000",
    ]);
  });
});

describe("swap is counted together with memory by config.json, alone by the kernel", () => {
  const before = { memory: { limitBytes: 100, swapBytes: 150 }, cpu: {} };
  test.each([
    [{ limitBytes: 100, swapBytes: 150 }, noLimits, ["memory.swap.max 50", "memory.max 100"]],
    [{ limitBytes: 100, swapBytes: 100 }, noLimits, ["memory.swap.max 0", "memory.max 100"]],
    [{ limitBytes: 100, swapBytes: -1 }, noLimits, ["memory.swap.max max", "memory.max 100"]],
    [{ limitBytes: -1 }, noLimits, ["memory.swap.max max", "memory.max max"]],
    [{ limitBytes: 100 }, noLimits, ["memory.max 100"]],
    [{ limitBytes: 120 }, before, ["memory.swap.max 30", "memory.max 120"]],
    [{ swapBytes: 160 }, before, ["memory.swap.max 60"]],
    [{ reservationBytes: 30 }, before, ["memory.low 30"]],
    [{ reservationBytes: -1 }, before, ["memory.low max"]],
  ])("%j", (memory, held, expected) => {
    expect(writes({ memory }, held)).toEqual(expected);
  });

  test.each([
    [{ swapBytes: 100 }, "unable to set swap limit without memory limit"],
    [{ limitBytes: -1, swapBytes: 100 }, "unable to set swap limit without memory limit"],
    [{ limitBytes: 100, swapBytes: 99 }, "memory+swap limit should be >= memory limit"],
  ])("%j is refused", (memory, why) => {
    expect(() => writes({ memory })).toThrow(`linux.resources.memory.swap: ${why}`);
  });
});

test("disks, huge pages, RDMA, and last what is named by the kernel's own names", () => {
  const asked = {
    unified: [
      { name: "memory.high", value: "5" },
      { name: "cpuset.cpus", value: "" },
    ],
    pidsLimit: -1,
    blockIoWeight: 300,
    hugepageLimits: [{ pageSize: "2MB", limitBytes: 4 }],
    rdmaLimits: [{ device: "mlx5_1", hcaHandles: 3, hcaObjects: 10 }],
  };
  expect(writes(asked)).toEqual([
    "pids.max max",
    "io.bfq.weight 300",
    "hugetlb.2MB.max 4",
    "hugetlb.2MB.rsvd.max 4",
    "rdma.max mlx5_1 hca_handle=3 hca_object=10",
    "memory.high 5",
    "cpuset.cpus \n",
  ]);
});
