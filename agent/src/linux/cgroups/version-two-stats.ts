import type {
  BlockIoStats,
  CpuStats,
  HugepageStats,
  MemoryStats,
  PidsStats,
  Pressure,
  PressureLine,
  StatsResponse,
} from "@runv/protocol";
import { numbersOf } from "../processors.ts";
import { readdir } from "../sys.ts";
import { CgroupFiles } from "./cgroup-files.ts";

/** What the processes of a cgroup use (Linux: Documentation/admin-guide/cgroup-v2.rst). */
export function statsOf(directory: string): StatsResponse {
  const files = new CgroupFiles((name) => `${directory}/${name}`);
  return {
    cpu: cpuStats(files),
    memory: memoryStats(files),
    pids: pidsStats(files),
    blockIo: blockIoStats(files.text("io.stat")),
    ioPressure: pressure(files, "io.pressure"),
    hugepages: hugepageStats(files, readdir(directory)),
    versionOne: undefined,
    cpus: numbersOf(files.text("cpuset.cpus.effective")),
    mems: numbersOf(files.text("cpuset.mems.effective")),
  };
}

function cpuStats(files: CgroupFiles): CpuStats {
  const counters = new Map(files.counters("cpu.stat").map(({ name, value }) => [name, value]));
  const count = (name: string): number => counters.get(name) ?? 0;
  return {
    totalUs: count("usage_usec"),
    userUs: count("user_usec"),
    systemUs: count("system_usec"),
    periods: count("nr_periods"),
    throttledPeriods: count("nr_throttled"),
    throttledUs: count("throttled_usec"),
    pressure: pressure(files, "cpu.pressure"),
  };
}

function memoryStats(files: CgroupFiles): MemoryStats {
  return {
    usageBytes: files.number("memory.current"),
    peakBytes: files.number("memory.peak"),
    limitBytes: files.limit("memory.max"),
    swapBytes: files.number("memory.swap.current"),
    swapLimitBytes: files.limit("memory.swap.max"),
    swapCounted: files.text("memory.swap.max") !== "",
    details: files.counters("memory.stat"),
    events: files.counters("memory.events"),
    pressure: pressure(files, "memory.pressure"),
  };
}

function pidsStats(files: CgroupFiles): PidsStats {
  return { current: files.number("pids.current"), limit: files.limit("pids.max") };
}

/** Lines "8:0 rbytes=1 wbytes=2 rios=3 wios=4 …"; a disk that was not used has only its numbers. */
function blockIoStats(text: string): BlockIoStats[] {
  return [...text.matchAll(/^(\d+):(\d+) (.*)$/gm)].map(([, major, minor, line = ""]) => {
    const count = (name: string): number => Number(new RegExp(`\\b${name}=(\\d+)`).exec(line)?.[1] ?? 0);
    return {
      major: Number(major),
      minor: Number(minor),
      readBytes: count("rbytes"),
      writtenBytes: count("wbytes"),
      reads: count("rios"),
      writes: count("wios"),
    };
  });
}

function hugepageStats(files: CgroupFiles, names: readonly string[]): HugepageStats[] {
  const sizes = names.flatMap((name) => /^hugetlb\.(\w+)\.current$/.exec(name)?.[1] ?? []);
  return sizes.map((pageSize) => ({
    pageSize,
    usageBytes: files.number(`hugetlb.${pageSize}.current`),
    peakBytes: 0,
    failures: Number(/^max (\d+)$/m.exec(files.text(`hugetlb.${pageSize}.events`))?.[1] ?? 0),
  }));
}

function pressure(files: CgroupFiles, name: string): Pressure | undefined {
  const text = files.text(name);
  return text === "" ? undefined : { some: pressureLine(text, "some"), full: pressureLine(text, "full") };
}

/** "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"; older kernels have no "full" of processors. */
function pressureLine(text: string, which: string): PressureLine | undefined {
  const line = new RegExp(`^${which} avg10=(\\S+) avg60=(\\S+) avg300=(\\S+) total=(\\d+)$`, "m").exec(text);
  if (line === null) return undefined;
  const [, avg10, avg60, avg300, total] = line;
  return { avg10: Number(avg10), avg60: Number(avg60), avg300: Number(avg300), totalUs: Number(total) };
}
