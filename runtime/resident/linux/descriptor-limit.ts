import * as sys from "../sys.ts";
import { errnoName } from "./system-error.ts";

/** setrlimit(2): RLIMIT_NOFILE. */
const resource = 7;
const maxLimitsBytes = 8192;
const maxNumberBytes = 32;
const usualLimit = 1024;

/**
 * Raises the limit of open descriptors to `wanted`, or to what is allowed: with CAP_SYS_RESOURCE that is more than the hard limit.
 * @returns the limit that now holds.
 */
export function raiseDescriptorLimit(wanted: number): number {
  const line = /^Max open files +(\d+) +(\d+)/m.exec(sys.readFile("/proc/self/limits", maxLimitsBytes));
  const soft = Number(line?.[1] ?? usualLimit);
  const hard = Number(line?.[2] ?? usualLimit);
  // proc(5): the bound of every process, root's too.
  const possible = Math.min(wanted, Number(sys.readFile("/proc/sys/fs/nr_open", maxNumberBytes)));
  if (possible > hard && mayRaiseTo(possible)) return possible;
  const raised = Math.min(possible, hard);
  if (raised <= soft) return soft;
  sys.setrlimit(resource, raised, hard);
  return raised;
}

/** Soft and hard limit. */
function mayRaiseTo(limit: number): boolean {
  try {
    sys.setrlimit(resource, limit, limit);
    return true;
  } catch (thrown) {
    if (errnoName(thrown) === "EPERM") return false;
    throw thrown;
  }
}
