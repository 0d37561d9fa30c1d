import { expect, test } from "vitest";
import { machineNamed } from "../../../../../runtime/src/hypervisor/qemu/machines.ts";
import { memoryLayout } from "../../../../../runtime/src/hypervisor/qemu/memory-layout.ts";

const layout = (
  name: "microvm" | "q35" | "pc",
  memoryMib: number,
  spareMib: number,
): ReturnType<typeof memoryLayout> =>
  memoryLayout({ memoryMib, spare: { memoryMib: spareMib, vcpuCount: 0 } }, machineNamed(name));

test("a machine without room is all that its guest is told of", () => {
  expect(layout("microvm", 277, 0)).toEqual({ totalMib: 277, endMib: null, spare: [] });
});

test.each([
  // What remains of the block that the guest's memory ends in is lost, of addresses and not of memory.
  ["microvm", 277, 128, { totalMib: 512, endMib: 277, spare: [[384, 128]] }],
  ["microvm", 256, 1, { totalMib: 384, endMib: 256, spare: [[256, 128]] }],
  // Between 3 GiB and 4 GiB are devices.
  [
    "microvm",
    256,
    4096,
    {
      totalMib: 4352,
      endMib: 256,
      spare: [
        [256, 2816],
        [4096, 1280],
      ],
    },
  ],
  ["microvm", 4000, 256, { totalMib: 4352, endMib: 5024, spare: [[5120, 256]] }],
  ["microvm", 3072, 128, { totalMib: 3200, endMib: 3072, spare: [[4096, 128]] }],
  // The firmware's tables are in the last block below.
  ["q35", 256, 256, { totalMib: 640, endMib: 256, spare: [[256, 256]] }],
  [
    "q35",
    256,
    4096,
    {
      totalMib: 4480,
      endMib: 256,
      spare: [
        [256, 1664],
        [4096, 2432],
      ],
    },
  ],
  [
    "pc",
    256,
    4096,
    {
      totalMib: 4480,
      endMib: 256,
      spare: [
        [256, 2688],
        [4096, 1408],
      ],
    },
  ],
  ["q35", 2700, 128, { totalMib: 3072, endMib: 4748, spare: [[4864, 256]] }],
] as const)("%s with %i MiB and %i more", (name, memoryMib, spareMib, expected) => {
  const { spare, ...rest } = layout(name, memoryMib, spareMib);
  const ranges = spare.map(({ startMib, sizeMib }) => [startMib, sizeMib]);
  expect({ ...rest, spare: ranges }).toEqual(expected);
});

test("spare memory is as much as was asked for, lies behind the guest's own, and overlaps nothing", () => {
  for (const name of ["microvm", "q35", "pc"] as const)
    for (let memoryMib = 64; memoryMib < 6000; memoryMib += 97)
      for (const spareMib of [1, 128, 1000, 5000]) {
        const { spare, endMib, totalMib } = layout(name, memoryMib, spareMib);
        const sum = spare.reduce((total, { sizeMib }) => total + sizeMib, 0);
        expect(sum).toBeGreaterThanOrEqual(spareMib);
        expect(sum).toBeLessThanOrEqual(totalMib - memoryMib);
        let reachedMib = endMib ?? 0;
        for (const { startMib, sizeMib } of spare) {
          expect(startMib).toBeGreaterThanOrEqual(reachedMib);
          reachedMib = startMib + sizeMib;
        }
      }
});
