import { type MemoryResources, RunvError } from "@runv/protocol";
import { type MemoryLimits, noLimit } from "@runv/protocol/present-limits";
import type { CgroupWrite } from "../cgroup-write.ts";
import { swapOnTop } from "../memory-writes.ts";

/** @param before, merged limits that hold now, and those that hold then. @throws as `swapOnTop` */
export function memoryWrites(
  asked: MemoryResources,
  before: MemoryLimits,
  merged: MemoryLimits,
): CgroupWrite[] {
  const { reservationBytes, kernelBytes, kernelTcpBytes, swappiness, disableOomKiller } = asked;
  return [
    ...limitWrites(asked, before, merged),
    ...write("reservation", "memory.soft_limit_in_bytes", reservationBytes),
    ...(kernelBytes === undefined ? [] : [kernelWrite(kernelBytes)]),
    ...write("kernelTCP", "memory.kmem.tcp.limit_in_bytes", kernelTcpBytes, kernelTcpBytes === noLimit),
    ...write("swappiness", "memory.swappiness", swappiness),
    ...(disableOomKiller === undefined ? [] : [oomWrite(disableOomKiller)]),
  ];
}

/**
 * The kernel holds the limit of memory and swap together to be no less than that of memory alone at all times: the order of the two depends on
 * where they come from, as with runc.
 */
function limitWrites(asked: MemoryResources, before: MemoryLimits, merged: MemoryLimits): CgroupWrite[] {
  const onTop = swapOnTop(merged);
  const limit = write("limit", "memory.limit_in_bytes", asked.limitBytes);
  const isSwapAsked = asked.swapBytes !== undefined || asked.limitBytes === noLimit;
  if (onTop === null || !isSwapAsked || merged.swapBytes === undefined) return limit;
  // Without swap in the kernel there is nothing to limit.
  const together = write("swap", "memory.memsw.limit_in_bytes", merged.swapBytes, true);
  const isRoomy = onTop === noLimit || merged.swapBytes >= finite(before.limitBytes);
  return isRoomy ? [...together, ...limit] : [...limit, ...together];
}

function finite(limitBytes = noLimit): number {
  return limitBytes === noLimit ? Number.POSITIVE_INFINITY : limitBytes;
}

/** Linux 5.16 has given it up: since then it is refused, or passed over. No limit is what holds there anyway. */
function kernelWrite(bytes: number): CgroupWrite {
  const common = { field: "memory.kernel", file: "memory.kmem.limit_in_bytes", value: String(bytes) };
  return bytes === noLimit ? { ...common, otherwise: "skip" } : { ...common, isKept: true };
}

/** To have it killed is the kernel's own choice, and asks for nothing of one that has no memory controller. */
function oomWrite(isDisabled: boolean): CgroupWrite {
  const common = {
    field: "memory.disableOOMKiller",
    file: "memory.oom_control",
    restored: /^oom_kill_disable (\d)/m,
  };
  return isDisabled ? { ...common, value: "1" } : { ...common, value: "0", otherwise: "skip" };
}

function write(name: string, file: string, value: number | undefined, isOptional = false): CgroupWrite[] {
  if (value === undefined) return [];
  const common = { field: `memory.${name}`, file, value: String(value) };
  return [isOptional ? { ...common, otherwise: "skip" } : common];
}

/** @throws RunvError for files of version 2 */
export function refuseUnified(name: string): never {
  throw new RunvError("unsupported", `linux.resources.unified.${name}: cgroup v1 does not support unified`);
}
