import type {
  BlockIoList,
  HugepageStats,
  MemoryCounter,
  StatsResponse,
  VersionOneStats,
} from "@runv/protocol";
import { type Json, printable, unlessZero } from "./go-json.ts";

/** What the kernel says of an amount of memory without a limit, and runc repeats: 2^63 less a page. */
const noLimitBytes = (1n << 63n) - 4096n;
const nsPerUs = 1000;

const blockIoMembers: Readonly<Record<string, string>> = {
  io_service_bytes: "ioServiceBytesRecursive",
  io_serviced: "ioServicedRecursive",
  io_queued: "ioQueueRecursive",
  io_service_time: "ioServiceTimeRecursive",
  io_wait_time: "ioWaitTimeRecursive",
  io_merged: "ioMergedRecursive",
  time: "ioTimeRecursive",
  sectors: "sectorsRecursive",
};

/** The members that runc fills on version 1 cgroups. */
export function versionOneData(stats: StatsResponse, besides: VersionOneStats): Json {
  return {
    cpu: cpuData(stats, besides),
    cpuset: {
      cpus: unlessEmpty(stats.cpus),
      mems: unlessEmpty(stats.mems),
      ...Object.fromEntries(besides.cpuset.map(({ name, value }) => [printable(name), value])),
    },
    memory: memoryData(stats, besides),
    pids: { current: unlessZero(stats.pids?.current ?? 0), limit: unlessZero(stats.pids?.limit ?? 0) },
    blkio: Object.fromEntries(besides.blockIo.flatMap(blockIoMember)),
    hugetlb: Object.fromEntries(
      stats.hugepages.map((each) => [printable(each.pageSize), hugepageData(each)]),
    ),
    intel_rdt: {},
    network_interfaces: null,
  };
}

function cpuData({ cpu }: StatsResponse, besides: VersionOneStats): Json {
  return {
    usage: {
      total: unlessZero(besides.totalNs),
      percpu: unlessEmpty(besides.processorsNs),
      percpu_kernel: unlessEmpty(besides.processorsSystemNs),
      percpu_user: unlessEmpty(besides.processorsUserNs),
      kernel: (cpu?.systemUs ?? 0) * nsPerUs,
      user: (cpu?.userUs ?? 0) * nsPerUs,
    },
    throttling: {
      periods: unlessZero(cpu?.periods ?? 0),
      throttledPeriods: unlessZero(cpu?.throttledPeriods ?? 0),
      throttledTime: unlessZero(besides.throttledNs),
    },
  };
}

function memoryData({ memory }: StatsResponse, besides: VersionOneStats): Json {
  const raw = (memory?.details ?? []).map(({ name, value }) => [printable(name), value] as const);
  return {
    cache: unlessZero(new Map(raw).get("cache") ?? 0),
    usage: counterData(besides.memory),
    swap: counterData(besides.memoryAndSwap),
    kernel: counterData(besides.kernel),
    kernelTCP: counterData(besides.kernelTcp),
    // What the guest says of no limit.
    raw: Object.fromEntries(
      raw.map(([name, value]) => [name, value < Number.MAX_SAFE_INTEGER ? value : noLimitBytes]),
    ),
  };
}

function counterData(counter: MemoryCounter | undefined): Json {
  if (counter === undefined) return { limit: 0, failcnt: 0 };
  return {
    limit: counter.limitBytes ?? noLimitBytes,
    usage: unlessZero(counter.usageBytes),
    max: unlessZero(counter.peakBytes),
    failcnt: counter.failures,
  };
}

function hugepageData({ usageBytes, peakBytes, failures }: HugepageStats): Json {
  return { usage: unlessZero(usageBytes), max: unlessZero(peakBytes), failcnt: failures };
}

function blockIoMember({ name, entries }: BlockIoList): [string, Json][] {
  const member = Object.hasOwn(blockIoMembers, name) ? blockIoMembers[name] : undefined;
  if (member === undefined) return [];
  const list = entries.map(({ major, minor, operation, value }) => ({
    major: unlessZero(major),
    minor: unlessZero(minor),
    op: operation === "" ? undefined : printable(operation),
    value: unlessZero(value),
  }));
  return [[member, list]];
}

function unlessEmpty(list: readonly number[]): readonly number[] | undefined {
  return list.length === 0 ? undefined : list;
}
