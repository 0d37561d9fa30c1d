import { describe, expect, test } from "vitest";
import { parseResources } from "../../../../runtime/src/oci/parse-resources.ts";
import { unlimited } from "../../../../runtime/src/oci/resources.ts";
import { resourcesOfVersion } from "../../../../runtime/src/oci/resources-of-version.ts";
import { resourcesOfFlags } from "../../../../runtime/src/oci/update-flags.ts";
import type { CgroupVersion } from "../../../../runtime/src/shared/cgroup-version.ts";
import { JsonCursor } from "../../../../runtime/src/shared/json-cursor.ts";

const warnings: string[] = [];
const parse = (resources: unknown): ReturnType<typeof parseResources> => {
  warnings.length = 0;
  const cursor = new JsonCursor(resources, "config.json", "linux.resources");
  return parseResources(cursor, (sentence) => warnings.push(sentence));
};

/** For a guest with control groups of that version. */
const parseFor = (version: CgroupVersion, resources: unknown): ReturnType<typeof parseResources> => {
  const parsed = parse(resources);
  const at = new JsonCursor(undefined, "config.json", "linux.resources");
  return resourcesOfVersion(parsed, version, at, (sentence) => warnings.push(sentence));
};

test("what is absent is not asked for", () => {
  expect(parse(undefined)).toEqual({
    memory: {
      limitBytes: null,
      reservationBytes: null,
      swapBytes: null,
      kernelBytes: null,
      kernelTcpBytes: null,
      swappiness: null,
      disableOomKiller: null,
      checkBeforeUpdate: false,
    },
    cpu: {
      shares: null,
      quotaMicros: null,
      periodMicros: null,
      burstMicros: null,
      realtimeRuntimeMicros: null,
      realtimePeriodMicros: null,
      cpus: "",
      mems: "",
      idle: null,
    },
    pids: { limit: null },
    blockIo: {
      weight: null,
      leafWeight: null,
      weightDevices: [],
      readBps: [],
      writeBps: [],
      readIops: [],
      writeIops: [],
    },
    hugepageLimits: [],
    network: { classId: null, priorities: [] },
    rdma: [],
    unified: [],
  });
});

test("limits are numbers, and a bound that is none is told apart from nothing asked for", () => {
  expect(parse({ memory: { limit: 67_108_864 } }).memory.limitBytes).toBe(67_108_864);
  expect(parse({ memory: { limit: -1 } }).memory.limitBytes).toBe(unlimited);
  expect(parse({ memory: { limit: 0 } }).memory.limitBytes).toBeNull();
  expect(parse({ cpu: { quota: 150_000, period: 100_000 } }).cpu).toMatchObject({
    quotaMicros: 150_000,
    periodMicros: 100_000,
  });
  expect(parse({ cpu: { quota: -5 } }).cpu.quotaMicros).toBe(unlimited);
});

test.each([
  [{ memory: { limit: "64m" } }, "linux.resources.memory.limit: must be an integer"],
  [{ memory: { limit: -2 } }, "linux.resources.memory.limit: must be an integer from -1"],
  [{ memory: { limit: 1.5 } }, "linux.resources.memory.limit: must be an integer"],
  [{ cpu: { period: -1 } }, "linux.resources.cpu.period: must be an integer"],
  [{ cpu: [] }, "linux.resources.cpu: must be an object"],
])("%j is refused", (resources, why) => {
  expect(() => parse(resources)).toThrow(why);
});

test("huge pages, RDMA and files by the kernel's own names", () => {
  const { hugepageLimits, rdma, unified } = parse({
    hugepageLimits: [{ pageSize: "64KB", limit: 5 }],
    rdma: { mlx5_1: { hcaHandles: 3 } },
    unified: { "memory.high": "7" },
  });
  expect(hugepageLimits).toEqual([{ pageSize: "64KB", limitBytes: 5 }]);
  expect(rdma).toEqual([{ device: "mlx5_1", hcaHandles: 3, hcaObjects: null }]);
  expect(unified).toEqual([{ name: "memory.high", value: "7" }]);
});

describe("said to have no effect with version 2 cgroups", () => {
  test.each([
    [{ kernel: 5 }, "linux.resources.memory.kernel: is ignored: "],
    [{ kernelTCP: -1 }, "linux.resources.memory.kernelTCP: is ignored: "],
    [{ swappiness: 0 }, "linux.resources.memory.swappiness: is ignored: the guest has no swap"],
    [{ useHierarchy: false }, "linux.resources.memory.useHierarchy: is ignored: "],
  ])("%j", (memory, why) => {
    expect(parseFor("v2", { memory })).toEqual(parseFor("v2", {}));
    parseFor("v2", { memory });
    expect(warnings).toEqual([expect.stringContaining(why)]);
  });

  test("what holds anyway is not mentioned", () => {
    parseFor("v2", { memory: { useHierarchy: true, disableOOMKiller: false } });
    expect(warnings).toEqual([]);
  });
});

describe("of version 1 cgroups alone: refused by name for version 2, honoured for version 1", () => {
  test.each([
    ["memory.disableOOMKiller", { memory: { disableOOMKiller: true } }],
    ["cpu.realtimeRuntime", { cpu: { realtimeRuntime: 5 } }],
    ["cpu.realtimePeriod", { cpu: { realtimePeriod: 5 } }],
    ["network.classID", { network: { classID: 5 } }],
    ["network.priorities", { network: { priorities: [{ name: "eth0", priority: 1 }] } }],
  ])("%s", (field, resources) => {
    const message = expect.stringMatching(/version 2 cgroups, which the guest has/) as string;
    expect(() => parseFor("v2", resources)).toThrow(
      expect.objectContaining({ code: "unsupported", message }) as Error,
    );
    expect(() => parseFor("v2", resources)).toThrow(`config.json: linux.resources.${field}: `);
    expect(parseFor("v1", resources)).not.toEqual(parseFor("v1", {}));
    expect(warnings).toEqual([]);
  });

  test.each([{ kernel: 5 }, { kernelTCP: -1 }, { swappiness: 0 }])("memory: %j", (memory) => {
    expect(parseFor("v1", { memory })).not.toEqual(parseFor("v1", {}));
    parseFor("v1", { memory });
    expect(warnings).toEqual([]);
  });
});

test("of version 2 cgroups alone: refused by name for version 1", () => {
  const unified = { "memory.high": "7" };
  expect(() => parseFor("v1", { unified })).toThrow(
    expect.objectContaining({
      code: "unsupported",
      message:
        "config.json: linux.resources.unified: cgroup v1, which the guest has, does not support unified: memory.high",
    }) as Error,
  );
  expect(parseFor("v2", { unified }).unified).toHaveLength(1);
});

describe("malformed", () => {
  test.each([
    ["memory.limit: must be an integer", { memory: { limit: -2 } }],
    ["memory.limit: must be an integer", { memory: { limit: "1" } }],
    ["memory.swappiness: must be an integer from 0 to 100", { memory: { swappiness: 101 } }],
    ["cpu.idle: must be an integer from 0 to 1", { cpu: { idle: 2 } }],
    ["pids.limit: must be an integer", { pids: { limit: -2 } }],
    ["blockIO.weight: must be an integer from 10 to 1000", { blockIO: { weight: 9 } }],
    ["hugepageLimits[0].pageSize: must be a size", { hugepageLimits: [{ pageSize: "../x", limit: 1 }] }],
    [
      "network.priorities[0].name: must be the name",
      { network: { priorities: [{ name: "a/b", priority: 1 }] } },
    ],
    ["network.classID: must be an integer", { network: { classID: -1 } }],
    ["rdma.a/b: must be named like a device", { rdma: { "a/b": { hcaHandles: 1 } } }],
    ["unified.../x: unified resource must be a file name (no slashes)", { unified: { "../x": "1" } }],
    ["unified.x: must be a string", { unified: { x: 1 } }],
  ])("%s", (why, resources) => {
    expect(() => parse(resources)).toThrow(`config.json: linux.resources.${why}`);
  });
});

describe("the flags of update", () => {
  const limit = (memory: string) => parse(resourcesOfFlags({ memory })).memory.limitBytes;
  test.each([
    ["512", 512],
    ["64m", 64 * 1024 ** 2],
    ["1.5GiB", 1.5 * 1024 ** 3],
    ["32 kB", 32 * 1024],
    ["-1", -1],
  ])("--memory %s", (text, bytes) => expect(limit(text)).toBe(bytes));

  test.each([
    [{ memory: "10x" }, "invalid value for memory: "],
    [{ memorySwap: "-2" }, "invalid value for memory-swap: "],
    [{ cpuPeriod: "abc" }, "invalid value for cpu-period: "],
    [{ pidsLimit: "1.5" }, "invalid value for pids-limit: "],
  ])("%j", (flags, why) => {
    expect(() => resourcesOfFlags(flags)).toThrow(why);
  });

  test("none says nothing", () => expect(parse(resourcesOfFlags({}))).toEqual(parse({})));
});
