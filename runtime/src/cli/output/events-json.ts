import type { BlockIoStats, CpuStats, MemoryStats, Pressure, StatsResponse } from "@runv/protocol";
import { encode, type Json, printable, unlessZero } from "./go-json.ts";
import { versionOneData } from "./version-one-events.ts";

/** What Go's programs read for "no limit": 2^64 - 1, which no number of JavaScript is. */
const noLimit = (1n << 64n) - 1n;
const nsPerUs = 1000n;

/** One line of `events`, in the form of runc (types/events.go). */
export function statsEventJson(id: string, stats: StatsResponse): string {
  return `${encode({ type: "stats", id, data: statsData(stats) })}\n`;
}

export function oomEventJson(id: string): string {
  return `${encode({ type: "oom", id })}\n`;
}

/** As runc fills it for the version of the guest's cgroups. */
function statsData(stats: StatsResponse): Json {
  return stats.versionOne === undefined ? versionTwoData(stats) : versionOneData(stats, stats.versionOne);
}

function versionTwoData(stats: StatsResponse): Json {
  const { cpu, memory, pids } = stats;
  return {
    cpu: cpu === undefined ? {} : cpuData(cpu),
    cpuset: cpusetData(stats),
    memory: memory === undefined ? {} : memoryData(memory),
    pids: { current: unlessZero(pids?.current ?? 0), limit: pids?.limit ?? noLimit },
    blkio: { ...blockIoData(stats.blockIo), psi: pressureData(stats.ioPressure) },
    hugetlb: Object.fromEntries(
      stats.hugepages.map(({ pageSize, usageBytes, failures }) => [
        printable(pageSize),
        { usage: unlessZero(usageBytes), failcnt: failures },
      ]),
    ),
    intel_rdt: {},
    network_interfaces: null,
  };
}

function cpuData(cpu: CpuStats): Json {
  return {
    usage: {
      total: nanoseconds(cpu.totalUs),
      kernel: nanoseconds(cpu.systemUs) ?? 0,
      user: nanoseconds(cpu.userUs) ?? 0,
    },
    throttling: {
      periods: unlessZero(cpu.periods),
      throttledPeriods: unlessZero(cpu.throttledPeriods),
      throttledTime: nanoseconds(cpu.throttledUs),
    },
    psi: pressureData(cpu.pressure),
  };
}

/** Of these, version 2 knows the two lists alone. */
function cpusetData({ cpus, mems }: StatsResponse): Json {
  return {
    cpus: cpus.length === 0 ? undefined : cpus,
    cpu_exclusive: 0,
    mems: mems.length === 0 ? undefined : mems,
    mem_hardwall: 0,
    mem_exclusive: 0,
    memory_migrate: 0,
    memory_spread_page: 0,
    memory_spread_slab: 0,
    memory_pressure: 0,
    sched_load_balance: 0,
    sched_relax_domain_level: 0,
  };
}

function memoryData(memory: MemoryStats): Json {
  const { usageBytes, limitBytes, swapLimitBytes, details, events } = memory;
  const raw = details.map(({ name, value }) => [printable(name), value] as const);
  const none = { limit: 0, failcnt: 0 };
  // Version 1 counted memory and swap together, and so runc says it.
  const together =
    limitBytes === undefined || swapLimitBytes === undefined ? noLimit : limitBytes + swapLimitBytes;
  return {
    cache: unlessZero(new Map(raw).get("file") ?? 0),
    usage: {
      limit: limitBytes ?? noLimit,
      usage: unlessZero(usageBytes),
      max: unlessZero(memory.peakBytes),
      failcnt: 0,
    },
    swap: memory.swapCounted
      ? { limit: together, usage: unlessZero(usageBytes + memory.swapBytes), failcnt: 0 }
      : none,
    kernel: none,
    kernelTCP: none,
    raw: Object.fromEntries(raw),
    psi: pressureData(memory.pressure),
    event_count: Object.fromEntries(events.map(({ name, value }) => [printable(name), value])),
  };
}

function blockIoData(disks: readonly BlockIoStats[]): Record<string, Json | undefined> {
  const entries = (
    pick: (disk: BlockIoStats) => readonly [read: number, written: number],
  ): Json | undefined => {
    const found = disks.flatMap((disk) => {
      const { major, minor } = disk;
      const [read, written] = pick(disk);
      const entry = (op: string, value: number) => ({
        major,
        minor: unlessZero(minor),
        op,
        value: unlessZero(value),
      });
      return [entry("Read", read), entry("Write", written)];
    });
    return found.length === 0 ? undefined : found;
  };
  return {
    ioServiceBytesRecursive: entries(({ readBytes, writtenBytes }) => [readBytes, writtenBytes]),
    ioServicedRecursive: entries(({ reads, writes }) => [reads, writes]),
  };
}

function pressureData(pressure: Pressure | undefined): Json | undefined {
  if (pressure === undefined) return undefined;
  const line = (of: Pressure["some"]): Json => ({
    avg10: of?.avg10 ?? 0,
    avg60: of?.avg60 ?? 0,
    avg300: of?.avg300 ?? 0,
    total: of?.totalUs ?? 0,
  });
  return { some: line(pressure.some), full: line(pressure.full) };
}

function nanoseconds(us: number): bigint | undefined {
  return us === 0 ? undefined : BigInt(us) * nsPerUs;
}
