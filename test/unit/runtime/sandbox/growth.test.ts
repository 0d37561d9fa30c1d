import { totalmem } from "node:os";
import type { PresentLimits } from "@runv/protocol/present-limits";
import { expect, test } from "vitest";
import { givenMemory, grownMachine, presentNeed } from "../../../../runtime/src/sandbox/growth.ts";
import type { MachineRecord } from "../../../../runtime/src/shared/machine-record.ts";

const mib = 1_048_576;
const machine: MachineRecord = {
  totalMib: 242,
  vcpuCount: 1,
  mostVcpus: 3,
  addedMemoryMib: 0,
  limits: { memory: {}, cpu: {} },
};
const spare = {
  mostVcpus: 4,
  memory: [
    { startMib: 256, sizeMib: 256 },
    { startMib: 4096, sizeMib: 1024 },
  ],
};
const nothing = { mostVcpus: 0, memory: [] };

const memory = (limitMib: number): PresentLimits => ({ memory: { limitBytes: limitMib * mib }, cpu: {} });
const quota = (processors: number): PresentLimits => ({ memory: {}, cpu: { quotaUs: processors * 100_000 } });

test.each([
  [100, 0],
  [246, 0],
  [250, 128],
  [370, 128],
  [500, 256],
  [1000, 768],
])("a limit of %i MiB needs %i MiB of spare memory", (limitMib, addedMemoryMib) => {
  expect(grownMachine(machine, spare, memory(limitMib))).toEqual({
    ...machine,
    addedMemoryMib,
    limits: memory(limitMib),
  });
});

test("what was added stays, and counts for the next limit", () => {
  const grown = grownMachine(machine, spare, memory(500));
  expect(grownMachine(grown, spare, memory(100)).addedMemoryMib).toBe(256);
  expect(grownMachine(grown, spare, memory(600)).addedMemoryMib).toBe(384);
});

test("a limit beyond what is to spare is refused with what there is", () => {
  const ask =
    (limitMib: number, reserve: typeof spare | typeof nothing): (() => unknown) =>
    () =>
      grownMachine(machine, reserve, memory(limitMib));
  expect(ask(2000, spare)).toThrow(
    /memory\.limit: 2097152000 bytes: .* has 242 MiB and can grow to 1522 MiB .*spare_memory_mib/,
  );
  expect(ask(2000, nothing)).toThrow(
    /has 242 MiB and cannot grow \(create the container with this limit, or a larger/,
  );
});

test("a limit beyond the host's memory is one of all that it has", () => {
  const hostMib = Math.floor(totalmem() / mib);
  const large = { mostVcpus: 1, memory: [{ startMib: 256, sizeMib: Math.ceil(hostMib / 128) * 128 }] };
  const { addedMemoryMib } = grownMachine(machine, large, memory(hostMib * 100));
  expect(addedMemoryMib + machine.totalMib).toBeGreaterThan(hostMib * 0.97);
});

test.each([
  [0.5, 1],
  [1.5, 2],
  [3, 3],
  [100, 3],
])("a quota for %f processors needs %i", (processors, vcpuCount) => {
  expect(grownMachine(machine, spare, quota(processors)).vcpuCount).toBe(vcpuCount);
});

test("a quota for more processors than there are to spare is refused with what there is", () => {
  expect(() => grownMachine(machine, { ...spare, mostVcpus: 2 }, quota(3))).toThrow(
    /cpu\.quota: .* ask for 3 processors: the virtual machine has 1, and can have 2 .*spare_vcpus/,
  );
  expect(() => grownMachine(machine, nothing, quota(2))).toThrow(
    /has 1, and cannot get more \(create the container/,
  );
});

test("the guest is given the first of the spare memory, and the host lets the machine have that", () => {
  expect(givenMemory(spare, 128)).toEqual([{ startMib: 256, sizeMib: 128 }]);
  expect(givenMemory(spare, 384)).toEqual([
    { startMib: 256, sizeMib: 256 },
    { startMib: 4096, sizeMib: 128 },
  ]);
  const need = { memoryBytes: 1000, bytesPerAddedMib: 10, tasks: 7 };
  expect(presentNeed(need, spare, 128)).toEqual({ memoryBytes: 2280, tasks: 7, isFenced: true });
  expect(presentNeed(need, nothing, 0)).toEqual({ memoryBytes: 1000, tasks: 7, isFenced: false });
});
