import path from "node:path";
import { expect, test } from "vitest";
import { guestTotalKib, machineMemoryMib } from "../../../../runtime/src/kernel/guest-memory.ts";
import { kernelImage } from "../../../../runtime/src/kernel/image.ts";
import { distDirectory } from "../../../harness/paths.ts";

const image = kernelImage(path.join(distDirectory, "guest/vmlinux"));
const kibPerMib = 1024;
/** The share that a size may be off by. */
const tolerance = 0.02;

/** MemTotal of guests on microvm, as they told it. */
test.each([
  [64, 1, 47_988],
  [128, 1, 113_428],
  [256, 1, 242_260],
  [512, 1, 499_924],
  [1024, 1, 1_015_252],
  [2048, 1, 2_045_908],
  [256, 2, 242_088],
  [256, 8, 241_056],
])(
  "a guest of %i MiB with %i processors tells what it told when it was measured",
  (memoryMib, vcpuCount, kib) => {
    const error = guestTotalKib({ memoryMib, vcpuCount }, image) - kib;
    expect(Math.abs(error)).toBeLessThan(128);
  },
);

test("every size that can be asked for is met within 2 %", () => {
  const wrong: number[] = [];
  for (let mib = 32; mib <= 16_384; mib += 1) {
    const memoryMib = machineMemoryMib(mib * kibPerMib, 1, image);
    const total = guestTotalKib({ memoryMib, vcpuCount: 1 }, image);
    if (Math.abs(total / (mib * kibPerMib) - 1) > tolerance) wrong.push(mib);
  }
  expect(wrong).toEqual([]);
});

test("the file of a kernel tells what the kernel keeps, in both forms", () => {
  const compressed = kernelImage(path.join(distDirectory, "guest/bzImage"));
  expect(Math.abs((compressed.residentKib ?? 0) / (image.residentKib ?? 0) - 1)).toBeLessThan(0.05);
});

test("of a kernel that tells nothing a usual size is assumed", () => {
  const silent = { ...image, residentKib: null };
  expect(Math.abs(guestTotalKib({ memoryMib: 256, vcpuCount: 1 }, silent) - 242_260)).toBeLessThan(2048);
});
