import { readFile } from "./sys.ts";

const maxMeminfoBytes = 65_536;

/** MemTotal of /proc/meminfo; 0 when it is not there. */
export function totalMemoryBytes(): number {
  return meminfoBytes("MemTotal");
}

/** What new programs can have without swapping; 0 when the kernel does not say. */
export function availableMemoryBytes(): number {
  return meminfoBytes("MemAvailable");
}

function meminfoBytes(name: string): number {
  const [, kibibytes = "0"] =
    new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFile("/proc/meminfo", maxMeminfoBytes)) ?? [];
  return Number(kibibytes) * 1024;
}
