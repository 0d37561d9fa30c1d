import type {
  BlockIoStats,
  Counter,
  CpuStats,
  HugepageStats,
  MemoryStats,
  PidsStats,
  Pressure,
  PressureLine,
  StatsResponse,
} from "@runv/protocol";
import { limitsDirectory } from "./cgroups.ts";
import { errnoOf } from "./errno.ts";
import { numbersOf } from "./processors.ts";
import { readdir, readFile } from "./sys.ts";

const maxFileBytes = 65_536;

/** What the processes of a container's cgroup use (Linux: Documentation/admin-guide/cgroup-v2.rst). */
export function containerStats(cgroup: string): StatsResponse {
  const files = new CgroupFiles(limitsDirectory(cgroup));
  return {
    cpu: cpuStats(files),
    memory: memoryStats(files),
    pids: pidsStats(files),
    blockIo: blockIoStats(files.text("io.stat")),
    ioPressure: files.pressure("io.pressure"),
    hugepages: hugepageStats(files),
    cpus: numbersOf(files.text("cpuset.cpus.effective")),
    mems: numbersOf(files.text("cpuset.mems.effective")),
  };
}

/** What a kernel does not have reads as empty: a controller, or a file that only later kernels know. */
class CgroupFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  names(): string[] {
    return readdir(this.#directory);
  }

  text(name: string): string {
    try {
      return readFile(`${this.#directory}/${name}`, maxFileBytes);
    } catch (thrown) {
      if (["ENOENT", "EOPNOTSUPP"].includes(errnoOf(thrown) ?? "")) return "";
      throw thrown;
    }
  }

  number(name: string): number {
    return Number(this.text(name));
  }

  /** undefined for "max". */
  limit(name: string): number | undefined {
    const text = this.text(name).trim();
    return text === "" || text === "max" ? undefined : Number(text);
  }

  /** Lines "name value". */
  counters(name: string): Counter[] {
    return [...this.text(name).matchAll(/^(\w+) (\d+)$/gm)].map(([, key = "", value]) => ({
      name: key,
      value: Number(value),
    }));
  }

  pressure(name: string): Pressure | undefined {
    const text = this.text(name);
    return text === "" ? undefined : { some: pressureLine(text, "some"), full: pressureLine(text, "full") };
  }
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
    pressure: files.pressure("cpu.pressure"),
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
    pressure: files.pressure("memory.pressure"),
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

function hugepageStats(files: CgroupFiles): HugepageStats[] {
  const sizes = files.names().flatMap((name) => /^hugetlb\.(\w+)\.current$/.exec(name)?.[1] ?? []);
  return sizes.map((pageSize) => ({
    pageSize,
    usageBytes: files.number(`hugetlb.${pageSize}.current`),
    failures: Number(/^max (\d+)$/m.exec(files.text(`hugetlb.${pageSize}.events`))?.[1] ?? 0),
  }));
}

/** "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"; older kernels have no "full" of processors. */
function pressureLine(text: string, which: string): PressureLine | undefined {
  const line = new RegExp(`^${which} avg10=(\\S+) avg60=(\\S+) avg300=(\\S+) total=(\\d+)$`, "m").exec(text);
  if (line === null) return undefined;
  const [, avg10, avg60, avg300, total] = line;
  return { avg10: Number(avg10), avg60: Number(avg60), avg300: Number(avg300), totalUs: Number(total) };
}
