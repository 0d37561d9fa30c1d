import { readFile } from "./sys.ts";

const maxFileBytes = 65_536;

/** MemTotal of /proc/meminfo; 0 when it is not there. */
export function totalMemoryBytes(): number {
  return meminfoBytes("MemTotal");
}

/** What new programs can have without swapping; 0 when the kernel does not say. */
export function availableMemoryBytes(): number {
  return meminfoBytes("MemAvailable");
}

/** What the caller itself occupies (VmRSS of proc(5)). */
export function residentBytes(): number {
  return bytesIn("/proc/self/status", "VmRSS");
}

function meminfoBytes(name: string): number {
  return bytesIn("/proc/meminfo", name);
}

function bytesIn(file: string, name: string): number {
  const [, kibibytes = "0"] =
    new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFile(file, maxFileBytes)) ?? [];
  return Number(kibibytes) * 1024;
}
