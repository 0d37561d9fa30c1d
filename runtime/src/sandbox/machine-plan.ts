import { availableParallelism } from "node:os";
import { defaultCpuPeriodUs } from "@runv/protocol/cgroup-values";
import { chosenGuest, type Guest, type GuestChoice } from "../kernel/guest.ts";
import { type MachineSize, machineMemoryMib } from "../kernel/guest-memory.ts";
import { type ResourcesSpec, unlimited } from "../oci/resources.ts";
import { leastMemoryMib } from "../shared/defaults.ts";
import { checkMemory, hostMemoryMib } from "./host-memory.ts";
import { type SpareSettings, spareMemory, spareVcpus } from "./spare-size.ts";

/** What the configuration says of a machine's size; null: nothing. */
export interface SizeSettings extends SpareSettings {
  readonly defaultMemoryMib: number;
  readonly defaultVcpuCount: number;
}

export interface MachineSettings {
  readonly guest: GuestChoice;
  readonly size: SizeSettings;
}

/** What a virtual machine boots from, and its size. */
export interface MachinePlan extends MachineSize {
  readonly guest: Guest;
  /** What the machine has besides, for its guest to grow. */
  readonly spare: MachineSize;
}

/** The limits that a machine is sized by. */
export interface SizingLimits {
  readonly memory: Pick<ResourcesSpec["memory"], "limitBytes">;
  readonly cpu: Pick<ResourcesSpec["cpu"], "quotaMicros" | "periodMicros" | "cpus">;
}

const bytesPerKib = 1024;

/**
 * A machine that shows its container what it may use: a processor for each that the quota allows time on, and as much memory as makes the
 * guest's MemTotal the limit. A guest needs some memory whatever the limit is; the container's cgroup in it holds the limit then.
 * @throws RunvError "unavailable" when there is no such kernel, "resource-exhausted" when the host has less than is configured
 */
export function planMachine(settings: MachineSettings, limits: SizingLimits): MachinePlan {
  const guest = chosenGuest(settings.guest);
  const { size } = settings;
  const vcpuCount = size.vcpuCount ?? wantedVcpus(limits, size);
  const furtherVcpus = spareVcpus(vcpuCount, size, guest.vmlinux);
  // The guest's kernel keeps memory for processors that it may be given as for those that it has.
  const allVcpus = vcpuCount + furtherVcpus;
  const memoryMib = size.memoryMib ?? wantedMemoryMib(limits, { guest, vcpuCount: allVcpus, size });
  checkMemory(memoryMib);
  const spare = { memoryMib: spareMemory(memoryMib, size, guest.vmlinux), vcpuCount: furtherVcpus };
  return { guest, memoryMib, vcpuCount, spare };
}

function wantedVcpus({ cpu }: SizingLimits, size: SizeSettings): number {
  const { quotaMicros, periodMicros, cpus } = cpu;
  const isBounded = quotaMicros !== null && quotaMicros !== unlimited;
  if (!isBounded && cpus === "") return size.defaultVcpuCount;
  const byQuota = isBounded ? Math.ceil(quotaMicros / (periodMicros ?? defaultCpuPeriodUs)) : undefined;
  const wanted = Math.min(byQuota ?? Number.POSITIVE_INFINITY, processorCount(cpus));
  const most = Math.min(size.maxVcpuCount ?? Number.POSITIVE_INFINITY, availableParallelism());
  return Math.max(1, Math.min(wanted, most));
}

/** In a list as cpuset(7) has it, "0-2,4"; empty: there is no bound. What is wrong with a list the host's kernel says. */
function processorCount(cpus: string): number {
  if (cpus.trim() === "") return Number.POSITIVE_INFINITY;
  const counts = cpus.split(",").map((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return last - first + 1;
  });
  const sum = counts.reduce((total, count) => total + count, 0);
  return Number.isInteger(sum) && sum > 0 ? sum : 1;
}

/** A limit that the host could not fill is none: there is no more to be had than the host's memory. */
function wantedMemoryMib(
  { memory: { limitBytes } }: SizingLimits,
  { guest, vcpuCount, size }: { guest: Guest; vcpuCount: number; size: SizeSettings },
): number {
  if (limitBytes === null || limitBytes === unlimited) return size.defaultMemoryMib;
  const totalKib = Math.min(limitBytes / bytesPerKib, hostMemoryMib() * bytesPerKib);
  const wanted = machineMemoryMib(totalKib, vcpuCount, guest.image);
  return Math.min(Math.max(wanted, leastMemoryMib), hostMemoryMib());
}
