import { readFile } from "./sys.ts";

const maxMeminfoBytes = 65_536;

/** MemTotal of /proc/meminfo; 0 when it is not there. */
export function totalMemoryBytes(): number {
  const [, kibibytes = "0"] =
    /^MemTotal:\s+(\d+) kB$/m.exec(readFile("/proc/meminfo", maxMeminfoBytes)) ?? [];
  return Number(kibibytes) * 1024;
}
