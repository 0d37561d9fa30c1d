import { availableParallelism } from "node:os";
import type { Resources } from "@runv/protocol";
import { defaultCpuPeriodUs } from "@runv/protocol/cgroup-values";
import { RunvError } from "@runv/protocol/errors";
import { mergeLimits, noLimits, type PresentLimits } from "@runv/protocol/present-limits";
import { canLimitMemory } from "../cgroups/apply-limits.ts";
import type { MachineNeed } from "../cgroups/host-limits.ts";
import { type MemoryRange, memoryBlockMib, type SpareParts } from "../hypervisor/hypervisor.ts";
import { attachVm } from "../hypervisor/registry.ts";
import { guestTotalKib } from "../kernel/guest-memory.ts";
import type { HostNeed } from "../shared/host-need.ts";
import type { MachineRecord } from "../shared/machine-record.ts";
import { hostMemoryMib } from "./host-memory.ts";
import type { MachinePlan } from "./machine-plan.ts";

/** Of a machine made for a limit, the kernel keeps this part at most for itself. */
const kernelShare = 0.02;
const bytesPerMib = 1_048_576;
const kibPerMib = 1024;

/** The plan without spare memory where the host could not keep the guest from it. */
export function fencedPlan(plan: MachinePlan, cgroups: readonly string[]): MachinePlan {
  return canLimitMemory(cgroups) ? plan : { ...plan, spare: { ...plan.spare, memoryMib: 0 } };
}

/** @param maxVcpus of the configuration; null: as many as the host has */
export function machineRecord(plan: MachinePlan, maxVcpus: number | null, asked: Resources): MachineRecord {
  const { memoryMib, vcpuCount, spare, guest } = plan;
  const all = { memoryMib, vcpuCount: vcpuCount + spare.vcpuCount };
  return {
    totalMib: Math.max(Math.floor(guestTotalKib(all, guest.image) / kibPerMib), 0),
    vcpuCount,
    mostVcpus: Math.min(maxVcpus ?? Number.POSITIVE_INFINITY, availableParallelism()),
    addedMemoryMib: 0,
    limits: mergeLimits(noLimits, asked),
  };
}

/** What a running machine has in reserve. @param vm what the hypervisor's driver saved */
export function spareOf(vm: unknown): SpareParts {
  return attachVm(vm).saved.spare;
}

/**
 * The machine with room for limits. A higher limit than it has room for would be none: the guest's kernel takes it, and the container never
 * gets it.
 * @throws RunvError "unsupported" that names the field when it has not as much in reserve
 */
export function grownMachine(
  machine: MachineRecord,
  spare: SpareParts,
  limits: PresentLimits,
): MachineRecord {
  return {
    ...machine,
    addedMemoryMib: neededMemoryMib(machine, spare, limits),
    vcpuCount: neededVcpus(machine, spare, limits),
    limits,
  };
}

function neededMemoryMib(machine: MachineRecord, spare: SpareParts, { memory }: PresentLimits): number {
  const { addedMemoryMib, totalMib, limits } = machine;
  const asked = memory.limitBytes ?? 0;
  if (asked <= (limits.memory.limitBytes ?? 0)) return addedMemoryMib;
  // A limit that the host could not fill is none.
  const enoughMib = Math.min(asked / bytesPerMib, hostMemoryMib()) * (1 - kernelShare);
  const missingMib = enoughMib - totalMib - addedMemoryMib;
  if (missingMib <= 0) return addedMemoryMib;
  const needed = addedMemoryMib + Math.ceil(missingMib / memoryBlockMib) * memoryBlockMib;
  const most = sizeMib(spare.memory);
  if (needed <= most) return needed;
  const has = `the virtual machine has ${totalMib + addedMemoryMib} MiB`;
  return refuse(
    most === 0
      ? `memory.limit: ${asked} bytes: ${has} and cannot grow (create the container with this limit, or a larger machine)`
      : `memory.limit: ${asked} bytes: ${has} and can grow to ${totalMib + most} MiB (create the container with this limit, or with more spare_memory_mib in the configuration)`,
  );
}

function neededVcpus(machine: MachineRecord, spare: SpareParts, limits: PresentLimits): number {
  const { vcpuCount, mostVcpus } = machine;
  const asked = processorsOf(limits);
  const needed = Math.min(Math.ceil(asked), mostVcpus);
  if (asked <= processorsOf(machine.limits) || needed <= vcpuCount) return vcpuCount;
  // Spare ones are those that the machine did not start with.
  const most = Math.max(spare.mostVcpus, vcpuCount);
  if (needed <= most) return needed;
  const needs = `cpu.quota: quota and period ask for ${asked} processors: the virtual machine has ${vcpuCount}`;
  return refuse(
    most === vcpuCount
      ? `${needs}, and cannot get more (create the container with this quota, or a larger machine)`
      : `${needs}, and can have ${most} (create the container with this quota, or with more spare_vcpus in the configuration)`,
  );
}

/** How many processors' time a container may use; 0: no limit, which needs none. */
function processorsOf({ cpu: { quotaUs = 0, periodUs = defaultCpuPeriodUs } }: PresentLimits): number {
  return Math.max(quotaUs, 0) / periodUs;
}

/** The part of the spare memory that the guest is to have. */
export function givenMemory({ memory }: SpareParts, addedMemoryMib: number): MemoryRange[] {
  const given: MemoryRange[] = [];
  let leftMib = addedMemoryMib;
  for (const range of memory) {
    const partMib = Math.min(range.sizeMib, leftMib);
    if (partMib > 0) given.push({ ...range, sizeMib: partMib });
    leftMib -= partMib;
  }
  return given;
}

/** @param addedMemoryMib what the guest has been given, or is to be */
export function presentNeed(need: HostNeed, spare: SpareParts, addedMemoryMib: number): MachineNeed {
  const memoryBytes = need.memoryBytes + addedMemoryMib * need.bytesPerAddedMib;
  return { memoryBytes, tasks: need.tasks, isFenced: sizeMib(spare.memory) > 0 };
}

function sizeMib(ranges: readonly MemoryRange[]): number {
  return ranges.reduce((sum, range) => sum + range.sizeMib, 0);
}

function refuse(why: string): never {
  throw new RunvError("unsupported", `linux.resources.${why}`);
}
