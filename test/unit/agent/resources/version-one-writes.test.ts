import { Resources } from "@runv/protocol";
import { mergeLimits, noLimits, type PresentLimits } from "@runv/protocol/present-limits";
import { describe, expect, test } from "vitest";
import { versionOneWrites } from "../../../../agent/src/linux/resources/version-one/resource-writes.ts";

type Asked = Parameters<typeof Resources.fromPartial>[0];

/** "FILE VALUE" for each write, on top of limits that hold already. */
function writes(asked: Asked, before: PresentLimits = noLimits): string[] {
  const resources = Resources.fromPartial(asked);
  return versionOneWrites(resources, before, mergeLimits(before, resources)).map(
    ({ file, value }) => `${file} ${value}`,
  );
}

test("nothing that is not asked for is written", () => {
  expect(writes({})).toEqual([]);
  expect(writes({ memory: {}, cpu: {} })).toEqual([]);
});

describe("memory, and memory and swap together, in an order that the kernel takes", () => {
  const held = { memory: { limitBytes: 100, swapBytes: 200 }, cpu: {} };
  const [memory, together] = ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"];
  test.each<[string, NonNullable<Asked["memory"]>, PresentLimits, string[]]>([
    ["first", { limitBytes: 100, swapBytes: 200 }, noLimits, [`${memory} 100`, `${together} 200`]],
    ["up", { limitBytes: 300, swapBytes: 400 }, held, [`${together} 400`, `${memory} 300`]],
    ["a little up", { limitBytes: 150, swapBytes: 160 }, held, [`${together} 160`, `${memory} 150`]],
    ["down", { limitBytes: 50, swapBytes: 60 }, held, [`${memory} 50`, `${together} 60`]],
    ["memory alone", { limitBytes: 150 }, held, [`${memory} 150`]],
    ["swap alone", { swapBytes: 150 }, held, [`${together} 150`]],
    ["no limit of memory is none of swap", { limitBytes: -1 }, held, [`${together} -1`, `${memory} -1`]],
    ["no limit of swap", { swapBytes: -1 }, held, [`${together} -1`]],
    ["memory without any of swap", { limitBytes: 70 }, noLimits, [`${memory} 70`]],
  ])("%s", (_name, asked, before, told) => {
    expect(writes({ memory: asked }, before)).toEqual(told);
  });

  test.each<[NonNullable<Asked["memory"]>, PresentLimits, string]>([
    [{ limitBytes: 300 }, held, "memory+swap limit should be >= memory limit"],
    [{ swapBytes: 50 }, held, "memory+swap limit should be >= memory limit"],
    [{ swapBytes: 50 }, noLimits, "unable to set swap limit without memory limit"],
  ])("%j: refused", (asked, before, why) => {
    expect(() => writes({ memory: asked }, before)).toThrow(`linux.resources.memory.swap: ${why}`);
  });
});

test("what version 2 knows nothing of", () => {
  const memory = {
    reservationBytes: 5,
    kernelBytes: 6,
    kernelTcpBytes: 7,
    swappiness: 8,
    disableOomKiller: true,
  };
  expect(writes({ memory })).toEqual([
    "memory.soft_limit_in_bytes 5",
    "memory.kmem.limit_in_bytes 6",
    "memory.kmem.tcp.limit_in_bytes 7",
    "memory.swappiness 8",
    "memory.oom_control 1",
  ]);
  const networkPriorities = [{ interfaceName: "lo", priority: 3 }];
  expect(writes({ networkClassId: 0x100001, networkPriorities, blockIoLeafWeight: 30 })).toEqual([
    "blkio.leaf_weight 30",
    "net_cls.classid 1048577",
    "net_prio.ifpriomap lo 3",
  ]);
});

test("processor time", () => {
  expect(writes({ cpu: { shares: 512, quotaUs: 5000, periodUs: 10_000, burstUs: 4000 } })).toEqual([
    "cpu.shares 512",
    "cpu.cfs_burst_us 0",
    "cpu.cfs_period_us 10000",
    "cpu.cfs_quota_us 5000",
    "cpu.cfs_burst_us 4000",
  ]);
  expect(writes({ cpu: { quotaUs: -1 } })).toEqual(["cpu.cfs_quota_us -1"]);
  expect(writes({ cpu: { realtimePeriodUs: 5, realtimeRuntimeUs: 4 } })).toEqual([
    "cpu.rt_period_us 5",
    "cpu.rt_runtime_us 4",
  ]);
});

test("a group is told to be idle after its shares, and not to be before them", () => {
  expect(writes({ cpu: { shares: 2, idle: true } })).toEqual(["cpu.shares 2", "cpu.idle 1"]);
  expect(writes({ cpu: { shares: 2, idle: false } })).toEqual(["cpu.idle 0", "cpu.shares 2"]);
});

test("devices, processes, huge pages", () => {
  const asked = {
    blockIoWeight: 300,
    pidsLimit: -1,
    hugepageLimits: [{ pageSize: "2MB", limitBytes: 4096 }],
    rdmaLimits: [{ device: "mlx5_0", hcaHandles: 2 }],
  };
  expect(writes(asked)).toEqual([
    "pids.max max",
    "blkio.weight 300",
    "hugetlb.2MB.limit_in_bytes 4096",
    "hugetlb.2MB.rsvd.limit_in_bytes 4096",
    "rdma.max mlx5_0 hca_handle=2",
  ]);
});

test("the files of version 2 are refused by name", () => {
  expect(() => writes({ unified: [{ name: "memory.high", value: "1" }] })).toThrow(
    "linux.resources.unified.memory.high: cgroup v1 does not support unified",
  );
});
