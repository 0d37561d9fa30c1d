import * as sys from "../sys.ts";

/** setrlimit(2): RLIMIT_NOFILE. */
const resource = 7;
const maxLimitsBytes = 8192;
const usualLimit = 1024;

/** Raises the limit of open descriptors to `wanted`, or to what is allowed. @returns the limit that now holds. */
export function raiseDescriptorLimit(wanted: number): number {
  const line = /^Max open files +(\d+) +(\d+)/m.exec(sys.readFile("/proc/self/limits", maxLimitsBytes));
  const soft = Number(line?.[1] ?? usualLimit);
  const hard = Number(line?.[2] ?? usualLimit);
  const raised = Math.min(wanted, hard);
  if (raised <= soft) return soft;
  sys.setrlimit(resource, raised, hard);
  return raised;
}
