import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { applyHostLimits } from "../../../../runtime/src/cgroups/apply-limits.ts";
import { machineLimits, runningLimits } from "../../../../runtime/src/cgroups/host-limits.ts";
import { parseResources } from "../../../../runtime/src/oci/parse-resources.ts";
import { unlimited } from "../../../../runtime/src/oci/resources.ts";
import { JsonCursor } from "../../../../runtime/src/shared/json-cursor.ts";
import { withTemporaryDirectory } from "../../../harness/temporary-directory.ts";

const nothing = parseResources(new JsonCursor(undefined, "config.json", "linux.resources"), () => undefined);
const need = { memoryBytes: 500, tasks: 100, isFenced: false };

/** What is written, by the files of v1 (the first) or v2 (the last). */
const written = (
  limits: ReturnType<typeof machineLimits>,
  version: 0 | -1,
): Readonly<Record<string, string | number>> =>
  Object.fromEntries(limits.map(({ files }) => files.at(version) ?? ["none", 0]));

test("what is not asked for, or has no bound, is not limited", () => {
  expect(machineLimits(nothing, need)).toEqual([]);
  expect(runningLimits(nothing)).toEqual([]);
  const memory = { ...nothing.memory, limitBytes: unlimited, swapBytes: unlimited };
  expect(machineLimits({ ...nothing, memory }, need)).toEqual([]);
});

test("a number of processes without a bound, or that no kernel counts to, lifts a limit", () => {
  const most = 4_194_304 - need.tasks;
  const fields = (limit: number) =>
    machineLimits({ ...nothing, pids: { limit } }, need).map(({ files }) => files);
  expect([most, most + 1, unlimited].map(fields)).toEqual([
    [[["pids.max", 4_194_304]]],
    [[["pids.max", "max"]]],
    [[["pids.max", "max"]]],
  ]);
});

test("limits are the container's and the machine's own need", () => {
  const memory = { ...nothing.memory, limitBytes: 300, swapBytes: 400, reservationBytes: 200 };
  const limits = machineLimits({ ...nothing, memory, pids: { limit: 7 } }, need);
  expect(written(limits, 0)).toEqual({
    "memory.limit_in_bytes": 500,
    "memory.soft_limit_in_bytes": 200,
    "memory.memsw.limit_in_bytes": 600,
    "pids.max": 107,
  });
  expect(written(limits, -1)).toEqual({
    "memory.max": 500,
    "memory.low": 200,
    "memory.swap.max": 100,
    "pids.max": 107,
  });
});

test("a machine with memory that its guest does not know of is fenced in without a limit, too", () => {
  const fenced = { ...need, isFenced: true };
  expect(written(machineLimits(nothing, fenced), -1)).toEqual({ "memory.max": 500, "memory.swap.max": 500 });
  const memory = { ...nothing.memory, limitBytes: unlimited, swapBytes: unlimited };
  expect(written(machineLimits({ ...nothing, memory }, fenced), 0)).toEqual({
    "memory.limit_in_bytes": 500,
    "memory.memsw.limit_in_bytes": 1000,
  });
});

test("a limit of swap that is lifted is lifted on the host", () => {
  const memory = { ...nothing.memory, limitBytes: 300, swapBytes: unlimited };
  const limits = machineLimits({ ...nothing, memory }, need);
  expect(written(limits, 0)).toEqual({ "memory.limit_in_bytes": 500, "memory.memsw.limit_in_bytes": -1 });
  expect(written(limits, -1)).toEqual({ "memory.max": 500, "memory.swap.max": "max" });
});

test("a quarter of a processor comes on top of the quota", () => {
  const cpu = { ...nothing.cpu, quotaMicros: 50_000, periodMicros: 200_000, shares: 1024 };
  const running = runningLimits({ ...nothing, cpu });
  expect(written(running, 0)).toEqual({
    "cpu.shares": 1024,
    "cpu.cfs_period_us": 200_000,
    "cpu.cfs_quota_us": 100_000,
  });
  expect(written(running, -1)).toEqual({ "cpu.weight": 100, "cpu.max": "100000 200000" });
  const free = { ...nothing.cpu, quotaMicros: unlimited };
  expect(written(runningLimits({ ...nothing, cpu: free }), -1)).toEqual({ "cpu.max": "max 100000" });
});

test("no share of the processors holds before the container is made", () => {
  const cpu = { ...nothing.cpu, quotaMicros: 1000, periodMicros: 200_000, shares: 2 };
  expect(machineLimits({ ...nothing, cpu }, need)).toEqual([]);
});

test("the weights of v2 are those that runc makes of shares", () => {
  const weightOf = (shares: number): unknown =>
    written(runningLimits({ ...nothing, cpu: { ...nothing.cpu, shares } }), -1)["cpu.weight"];
  expect([2, 1024, 262_144].map(weightOf)).toEqual([1, 100, 10_000]);
});

test("block devices are the host's", () => {
  const blockIo = {
    ...nothing.blockIo,
    weight: 500,
    weightDevices: [{ major: 8, minor: 0, weight: 300, leafWeight: null }],
    readBps: [{ major: 8, minor: 16, rate: 1000 }],
    writeIops: [{ major: 8, minor: 16, rate: 20 }],
  };
  const limits = machineLimits({ ...nothing, blockIo }, need);
  expect(written(limits, 0)).toEqual({
    "blkio.weight": 500,
    "blkio.weight_device": "8:0 300",
    "blkio.throttle.read_bps_device": "8:16 1000",
    "blkio.throttle.write_iops_device": "8:16 20",
  });
  expect(limits.map(({ files }) => files.at(-1))).toEqual([
    ["io.weight", 4950],
    ["io.bfq.weight", "8:0 300"],
    ["io.max", "8:16 rbps=1000"],
    ["io.max", "8:16 wiops=20"],
  ]);
});

test("the first file that there is takes a limit, and a limit that nothing takes is told by its field", async () => {
  await withTemporaryDirectory(async (directory) => {
    writeFileSync(path.join(directory, "memory.max"), "max");
    const told: string[] = [];
    const resources = {
      ...nothing,
      memory: { ...nothing.memory, limitBytes: 1 },
      pids: { limit: 1 },
    };
    applyHostLimits([directory], machineLimits(resources, need), (sentence) => told.push(sentence));
    expect(readFileSync(path.join(directory, "memory.max"), "utf8")).toBe("500");
    expect(told).toEqual([
      expect.stringMatching(
        /^cgroup: linux\.resources\.pids\.limit does not hold on the host: .* no pids\.max/,
      ),
    ]);
    const cpu = { ...nothing.cpu, cpus: "0" };
    expect(() => applyHostLimits([directory], machineLimits({ ...nothing, cpu }, need), fail)).toThrow(
      "linux.resources.cpu.cpus does not hold on the host",
    );
    await Promise.resolve();
  });
});

function fail(sentence: string): never {
  throw new Error(sentence);
}

test("a fence that nobody asked for leaves a lower limit of whoever made the cgroup", async () => {
  const fence = machineLimits(nothing, { ...need, isFenced: true });
  const written = async (before: string): Promise<string> =>
    withTemporaryDirectory(async (directory) => {
      const file = path.join(directory, "memory.max");
      writeFileSync(file, before);
      applyHostLimits([directory], fence, (sentence) => expect(sentence).toBe(""));
      return Promise.resolve(readFileSync(file, "utf8"));
    });
  expect(await written("400\n")).toBe("400\n");
  expect(await written("max\n")).toBe("500");
  expect(await written("9223372036854771712\n")).toBe("500");
});
