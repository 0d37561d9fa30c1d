import { copyFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { unlimited } from "../../../../runtime/src/oci/resources.ts";
import {
  type MachinePlan,
  planMachine,
  type SizeSettings,
} from "../../../../runtime/src/sandbox/machine-plan.ts";
import { distDirectory } from "../../../harness/paths.ts";
import { withTemporaryDirectory } from "../../../harness/temporary-directory.ts";

const bytesPerMib = 1_048_576;
const size: SizeSettings = {
  memoryMib: null,
  vcpuCount: null,
  defaultMemoryMib: 256,
  defaultVcpuCount: 1,
  maxVcpuCount: null,
  spareMemoryMib: 0,
  spareVcpuCount: 0,
};

interface Limits {
  readonly limitBytes?: number;
  readonly quotaMicros?: number;
  readonly periodMicros?: number;
  readonly cpus?: string;
}

const plan = (limits: Limits, settings: Partial<SizeSettings> = {}): MachinePlan => {
  const { limitBytes = null, quotaMicros = null, periodMicros = null, cpus = "" } = limits;
  const guest = { kernel: null, directory: path.join(distDirectory, "guest"), parameters: [] };
  return planMachine(
    { guest, size: { ...size, ...settings } },
    { memory: { limitBytes }, cpu: { quotaMicros, periodMicros, cpus } },
  );
};

test("without limits the defaults count, and so they do where a limit is that there is none", () => {
  expect(plan({})).toMatchObject({ memoryMib: 256, vcpuCount: 1 });
  expect(plan({ limitBytes: unlimited, quotaMicros: unlimited }, { defaultVcpuCount: 3 })).toMatchObject({
    memoryMib: 256,
    vcpuCount: 3,
  });
});

test("what the guest kernel keeps comes on top of a limit", () => {
  expect(plan({ limitBytes: 64 * bytesPerMib }).memoryMib).toBeGreaterThan(64 + 10);
  expect(plan({ limitBytes: 64 * bytesPerMib }).memoryMib).toBeLessThan(64 + 24);
});

test("no machine is smaller than a guest needs, or larger than the host", () => {
  expect(plan({ limitBytes: 4096 }).memoryMib).toBe(64);
  expect(plan({ limitBytes: 2 ** 60 }).memoryMib).toBe(Math.floor(totalmem() / bytesPerMib));
});

test("processors are bounded by the host's and by the configuration", () => {
  const limits = { quotaMicros: 100 * 1_000_000, periodMicros: 1_000_000 };
  expect(plan(limits).vcpuCount).toBe(Math.min(100, availableParallelism()));
  expect(plan(limits, { maxVcpuCount: 1 }).vcpuCount).toBe(1);
  expect(plan({ quotaMicros: 1, periodMicros: 1_000_000 }).vcpuCount).toBe(1);
});

test("a machine has no more processors than it may run on, and all of them without a quota", () => {
  const all = `0-${availableParallelism() - 1}`;
  expect(plan({ cpus: all }).vcpuCount).toBe(availableParallelism());
  expect(plan({ cpus: "0", quotaMicros: 800_000 }).vcpuCount).toBe(1);
  expect(plan({ cpus: all, quotaMicros: 50_000 }).vcpuCount).toBe(1);
  expect(plan({ cpus: "x" }).vcpuCount).toBe(1);
});

test("what is configured outright is not bounded, but by the host's memory", () => {
  const sizes = plan({ limitBytes: bytesPerMib, quotaMicros: 1000 }, { memoryMib: 128, vcpuCount: 64 });
  expect(sizes).toMatchObject({ memoryMib: 128, vcpuCount: 64 });
  expect(() => plan({}, { memoryMib: 4 * bytesPerMib })).toThrow(/are asked for, and this host has/);
});

test("room to grow is what is configured, as far as the host has it and the size is not fixed", () => {
  const hostMib = Math.floor(totalmem() / bytesPerMib);
  const room = { spareMemoryMib: 512, spareVcpuCount: 255 };
  const hostVcpus = availableParallelism();
  expect(plan({}, room).spare).toEqual({ memoryMib: 512, vcpuCount: hostVcpus - 1 });
  expect(plan({}, { ...room, spareMemoryMib: 4 * bytesPerMib }).spare.memoryMib).toBe(hostMib - 256);
  expect(plan({ quotaMicros: 10 ** 9 }, room).spare.vcpuCount).toBe(0);
  expect(plan({}, { ...room, maxVcpuCount: 1 }).spare.vcpuCount).toBe(0);
  expect(plan({}, { ...room, memoryMib: 128, vcpuCount: 1 }).spare).toEqual({ memoryMib: 0, vcpuCount: 0 });
});

test("a kernel of which nothing is known gets no room to grow", async () => {
  await withTemporaryDirectory(async (directory) => {
    for (const name of ["vmlinux", "initramfs.cpio"])
      await copyFile(path.join(distDirectory, "guest", name), path.join(directory, name));
    const room = { spareMemoryMib: 512, spareVcpuCount: 1 };
    const planned = planMachine(
      { guest: { kernel: null, directory, parameters: [] }, size: { ...size, ...room } },
      { memory: { limitBytes: null }, cpu: { quotaMicros: null, periodMicros: null, cpus: "" } },
    );
    expect(planned.spare).toEqual({ memoryMib: 0, vcpuCount: 0 });
  });
});
