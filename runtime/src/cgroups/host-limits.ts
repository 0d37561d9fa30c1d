import { cpuWeight, defaultCpuPeriodUs, ioWeight } from "@runv/protocol/cgroup-values";
import {
  type BlockIoResources,
  type CpuResources,
  type MemoryResources,
  type ResourcesSpec,
  unlimited,
} from "../oci/resources.ts";
import type { HostNeed } from "../shared/host-need.ts";

/** What a host can hold a machine to. */
type LimitedResources = Pick<ResourcesSpec, "memory" | "cpu" | "pids" | "blockIo">;

/** Of a container's memory, what the host is told of. */
export type MemoryBounds = Pick<MemoryResources, "limitBytes" | "swapBytes" | "reservationBytes">;

/** What a machine takes of the host as it is now. */
export interface MachineNeed extends Pick<HostNeed, "memoryBytes" | "tasks"> {
  /** It has more memory than its guest knows of: only the host can keep it from that. */
  readonly isFenced: boolean;
}

/** One limit as either version of cgroups takes it: the first of these files that there is gets its value. */
export interface HostLimit {
  /** As config.json calls it, below linux.resources. */
  readonly field: string;
  readonly files: readonly (readonly [name: string, value: number | string])[];
  /** Nothing else can hold it: it names what the guest knows nothing of. */
  readonly isOnlyHere: boolean;
  /** Where the kernel has no such file there is nothing to limit. */
  readonly isOptional: boolean;
  /** Nobody has asked for it: a lower one that whoever made the cgroup has set stays. */
  readonly onlyLowers: boolean;
}

/** Of a processor: what a machine does beside running its container, in the guest kernel, the agent, and for input and output. */
const ownCpuShare = 0.25;
/** PID_MAX_LIMIT of the kernel. */
const maxTasks = 4_194_304;

/** Those that hold from before the machine is started. What is not asked for is not limited. */
export function machineLimits(resources: LimitedResources, need: MachineNeed): HostLimit[] {
  const { cpu, memory, pids, blockIo } = resources;
  return [
    ...(cpu.cpus === "" ? [] : [ownLimit("cpu.cpus", ["cpuset.cpus", cpu.cpus])]),
    ...(cpu.mems === "" ? [] : [ownLimit("cpu.mems", ["cpuset.mems", cpu.mems])]),
    ...memoryLimits(memory, need),
    ...pidsLimit(pids.limit, need),
    ...blockIoLimits(blockIo),
  ];
}

/** What is beyond the kernel's own bound is none to it, and it refuses the number. To have none is asked for, too: by `update`. */
function pidsLimit(asked: number | null, { tasks }: Pick<HostNeed, "tasks">): HostLimit[] {
  if (asked === null) return [];
  const isUnlimited = asked === unlimited || asked + tasks > maxTasks;
  const whole = limit("pids.limit", ["pids.max", isUnlimited ? "max" : asked + tasks]);
  return [{ ...whole, isOptional: isUnlimited }];
}

/**
 * Those of a machine whose container is made: they would make it start slowly (on a loaded host, with few shares, never), and the guest
 * holds its container to them anyway.
 */
export function runningLimits({ cpu }: Pick<LimitedResources, "cpu">): HostLimit[] {
  return [...sharesLimit(cpu), ...timeLimits(cpu)];
}

function timeLimits({ quotaMicros, periodMicros }: CpuResources): HostLimit[] {
  if (quotaMicros === null && periodMicros === null) return [];
  const period = periodMicros ?? defaultCpuPeriodUs;
  const quota = isBounded(quotaMicros) ? quotaMicros + Math.ceil(period * ownCpuShare) : unlimited;
  const both: readonly [string, string] = ["cpu.max", `${quota === unlimited ? "max" : quota} ${period}`];
  return [
    limit("cpu.period", ["cpu.cfs_period_us", period], both),
    limit("cpu.quota", ["cpu.cfs_quota_us", quota], both),
  ];
}

function sharesLimit({ shares }: CpuResources): HostLimit[] {
  if (shares === null) return [];
  return [limit("cpu.shares", ["cpu.shares", shares], ["cpu.weight", cpuWeight(shares)])];
}

/** The container's own limit is held in the guest: to the host all of the guest's memory is the machine's. */
export function memoryLimits(memory: MemoryBounds, need: MachineNeed): HostLimit[] {
  const { memoryBytes, isFenced } = need;
  const { limitBytes, swapBytes, reservationBytes } = memory;
  if (!isBounded(limitBytes) && !isFenced) return reservation(reservationBytes);
  const onlyLowers = !isBounded(limitBytes);
  const whole = limit("memory.limit", ["memory.limit_in_bytes", memoryBytes], ["memory.max", memoryBytes]);
  const limits = [{ ...whole, onlyLowers }, ...reservation(reservationBytes)];
  const swapOnly = swapOnTop(memory, need);
  if (swapOnly === null) return limits;
  const withSwap = swapOnly === unlimited ? unlimited : memoryBytes + swapOnly;
  const swap = limit(
    "memory.swap",
    ["memory.memsw.limit_in_bytes", withSwap],
    ["memory.swap.max", swapOnly === unlimited ? "max" : swapOnly],
  );
  return [...limits, { ...swap, isOptional: !isBounded(swapBytes), onlyLowers }];
}

/** A fence without a bound on swap would be none: what is in there goes to the host's disk, and as much again can be had. null: left alone. */
function swapOnTop(
  { limitBytes, swapBytes }: MemoryBounds,
  { memoryBytes, isFenced }: MachineNeed,
): number | null {
  if (isBounded(swapBytes) && isBounded(limitBytes)) return swapBytes - limitBytes;
  if (isFenced) return memoryBytes;
  return swapBytes === unlimited ? unlimited : null;
}

function reservation(bytes: number | null): HostLimit[] {
  if (!isBounded(bytes)) return [];
  return [limit("memory.reservation", ["memory.soft_limit_in_bytes", bytes], ["memory.low", bytes])];
}

/** Devices are the host's, and so is what the machine reads and writes of them. */
function blockIoLimits(blockIo: BlockIoResources): HostLimit[] {
  const limits: HostLimit[] = [];
  const { weight: common, leafWeight } = blockIo;
  if (common !== null) {
    const files = ["blkio.weight", "blkio.bfq.weight", "io.bfq.weight"].map(
      (name) => [name, common] as const,
    );
    limits.push(limit("blockIO.weight", ...files, ["io.weight", ioWeight(common)]));
  }
  if (leafWeight !== null) limits.push(ownLimit("blockIO.leafWeight", ["blkio.leaf_weight", leafWeight]));
  for (const { major, minor, ...own } of blockIo.weightDevices) {
    const field = "blockIO.weightDevice";
    if (own.weight !== null) {
      const line = `${major}:${minor} ${own.weight}`;
      const names = ["blkio.weight_device", "blkio.bfq.weight_device", "io.bfq.weight"];
      limits.push(ownLimit(field, ...names.map((name) => [name, line] as const)));
    }
    if (own.leafWeight !== null)
      limits.push(ownLimit(field, ["blkio.leaf_weight_device", `${major}:${minor} ${own.leafWeight}`]));
  }
  return [...limits, ...throttles(blockIo)];
}

function throttles(blockIo: BlockIoResources): HostLimit[] {
  const kinds = [
    { field: "ReadBps", v1: "read_bps", v2: "rbps", devices: blockIo.readBps },
    { field: "WriteBps", v1: "write_bps", v2: "wbps", devices: blockIo.writeBps },
    { field: "ReadIOPS", v1: "read_iops", v2: "riops", devices: blockIo.readIops },
    { field: "WriteIOPS", v1: "write_iops", v2: "wiops", devices: blockIo.writeIops },
  ];
  return kinds.flatMap(({ field, v1, v2, devices }) =>
    devices.map(({ major, minor, rate }) =>
      ownLimit(
        `blockIO.throttle${field}Device`,
        [`blkio.throttle.${v1}_device`, `${major}:${minor} ${rate}`],
        ["io.max", `${major}:${minor} ${v2}=${rate}`],
      ),
    ),
  );
}

function limit(field: string, ...files: HostLimit["files"]): HostLimit {
  return { field, files, isOnlyHere: false, isOptional: false, onlyLowers: false };
}

/** Of processors, memory nodes and devices, whose numbers are the host's. */
function ownLimit(field: string, ...files: HostLimit["files"]): HostLimit {
  return { field, files, isOnlyHere: true, isOptional: false, onlyLowers: false };
}

function isBounded(value: number | null): value is number {
  return value !== null && value !== unlimited;
}
