import type {
  BlockIoCounter,
  BlockIoList,
  HugepageStats,
  MemoryCounter,
  StatsResponse,
  VersionOneStats,
} from "@runv/protocol";
import { numbersOf } from "../processors.ts";
import type { CgroupFiles } from "./cgroup-files.ts";

/** USER_HZ, the unit of cpuacct.stat. */
const ticksPerSecond = 100;
const nsPerUs = 1000;
const usPerSecond = 1_000_000;
/** What the kernel says for no limit: a little less, on pages of any size. */
const noLimitBytes = 2 ** 62;
const pageSizes = ["64KB", "1MB", "2MB", "16MB", "32MB", "512MB", "1GB", "16GB"];
const cpusetFlags = [
  "cpu_exclusive",
  "mem_hardwall",
  "mem_exclusive",
  "memory_migrate",
  "memory_spread_page",
  "memory_spread_slab",
  "memory_pressure",
  "sched_load_balance",
  "sched_relax_domain_level",
];
/** Of block I/O, what is counted. */
const blockIoLists = [
  "io_service_bytes",
  "io_serviced",
  "io_queued",
  "io_service_time",
  "io_wait_time",
  "io_merged",
  "time",
  "sectors",
];

/** What the processes of a cgroup use (Linux: Documentation/admin-guide/cgroup-v1). */
export function versionOneStats(files: CgroupFiles): StatsResponse {
  const memory = memoryCounter(files, "memory");
  return {
    ...usage(files),
    memory: {
      usageBytes: memory?.usageBytes ?? 0,
      peakBytes: memory?.peakBytes ?? 0,
      limitBytes: memory?.limitBytes,
      swapBytes: 0,
      swapLimitBytes: undefined,
      swapCounted: files.text("memory.memsw.usage_in_bytes") !== "",
      details: files.counters("memory.stat"),
      events: [],
      pressure: undefined,
    },
    pids: { current: files.number("pids.current"), limit: files.limit("pids.max") },
    blockIo: [],
    ioPressure: undefined,
    hugepages: pageSizes.flatMap((size) => hugepageStats(files, size)),
    cpus: numbersOf(files.text("cpuset.cpus")),
    mems: numbersOf(files.text("cpuset.mems")),
    versionOne: besides(files, memory),
  };
}

function usage(files: CgroupFiles): Pick<StatsResponse, "cpu"> {
  const ticks = countersOf(files, "cpuacct.stat");
  const throttling = countersOf(files, "cpu.stat");
  const ofTicks = (name: string): number => ((ticks.get(name) ?? 0) * usPerSecond) / ticksPerSecond;
  return {
    cpu: {
      totalUs: Math.floor(files.number("cpuacct.usage") / nsPerUs),
      userUs: ofTicks("user"),
      systemUs: ofTicks("system"),
      periods: throttling.get("nr_periods") ?? 0,
      throttledPeriods: throttling.get("nr_throttled") ?? 0,
      throttledUs: Math.floor((throttling.get("throttled_time") ?? 0) / nsPerUs),
      pressure: undefined,
    },
  };
}

function besides(files: CgroupFiles, memory: MemoryCounter | undefined): VersionOneStats {
  // Lines "PROCESSOR USER SYSTEM" after one of titles.
  const ofEach = [...files.text("cpuacct.usage_all").matchAll(/^\d+ (\d+) (\d+)$/gm)];
  return {
    totalNs: files.number("cpuacct.usage"),
    throttledNs: countersOf(files, "cpu.stat").get("throttled_time") ?? 0,
    processorsNs: files.numbers("cpuacct.usage_percpu"),
    processorsUserNs: ofEach.map(([, user]) => Number(user)),
    processorsSystemNs: ofEach.map(([, , system]) => Number(system)),
    cpuset: cpusetFlags.flatMap((name) => {
      const text = files.text(`cpuset.${name}`);
      return text === "" ? [] : [{ name, value: Number(text) }];
    }),
    memory,
    memoryAndSwap: memoryCounter(files, "memory.memsw"),
    kernel: memoryCounter(files, "memory.kmem"),
    kernelTcp: memoryCounter(files, "memory.kmem.tcp"),
    blockIo: blockIoLists.flatMap((name) => blockIoList(files, name)),
  };
}

function countersOf(files: CgroupFiles, name: string): ReadonlyMap<string, number> {
  return new Map(files.counters(name).map(({ name: key, value }) => [key, value]));
}

function memoryCounter(files: CgroupFiles, prefix: string): MemoryCounter | undefined {
  if (files.text(`${prefix}.usage_in_bytes`) === "") return undefined;
  const limit = files.limit(`${prefix}.limit_in_bytes`);
  return {
    usageBytes: files.number(`${prefix}.usage_in_bytes`),
    peakBytes: files.number(`${prefix}.max_usage_in_bytes`),
    failures: files.number(`${prefix}.failcnt`),
    limitBytes: limit !== undefined && limit < noLimitBytes ? limit : undefined,
  };
}

function hugepageStats(files: CgroupFiles, pageSize: string): HugepageStats[] {
  const prefix = `hugetlb.${pageSize}`;
  if (files.text(`${prefix}.usage_in_bytes`) === "") return [];
  return [
    {
      pageSize,
      usageBytes: files.number(`${prefix}.usage_in_bytes`),
      peakBytes: files.number(`${prefix}.max_usage_in_bytes`),
      failures: files.number(`${prefix}.failcnt`),
    },
  ];
}

/** Whoever schedules block I/O counts it: bfq, or before Linux 5.0 CFQ; else what throttles it does. */
function blockIoList(files: CgroupFiles, name: string): BlockIoList[] {
  for (const counter of ["blkio.bfq", "blkio", "blkio.throttle"]) {
    const entries = blockIoCounters(files.text(`${counter}.${name}_recursive`));
    if (entries.length > 0) return [{ name, entries }];
  }
  return [];
}

/** Lines "8:0 Read 4096", or "8:0 4096"; without the sum of all disks ("Total 4096"). */
function blockIoCounters(text: string): BlockIoCounter[] {
  return [...text.matchAll(/^(\d+):(\d+) (?:(\w+) )?(\d+)$/gm)].map(
    ([, major, minor, operation = "", value]) => ({
      major: Number(major),
      minor: Number(minor),
      operation,
      value: Number(value),
    }),
  );
}
