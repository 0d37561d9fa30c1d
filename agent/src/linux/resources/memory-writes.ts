import { type MemoryResources, RunvError } from "@runv/protocol";
import { type MemoryLimits, noLimit } from "@runv/protocol/present-limits";
import type { CgroupWrite } from "./cgroup-write.ts";

/** @param merged with the limits that hold already. @throws RunvError "invalid-argument" for limits that contradict each other */
export function memoryWrites(asked: MemoryResources, merged: MemoryLimits): CgroupWrite[] {
  const { limitBytes, reservationBytes } = asked;
  const swap = asked.limitBytes === undefined && asked.swapBytes === undefined ? null : swapMax(merged);
  return [
    // Without swap in the kernel there is nothing to limit.
    ...(swap === null ? [] : [{ ...write("swap", "memory.swap.max", swap), otherwise: "skip" as const }]),
    ...(limitBytes === undefined ? [] : [write("limit", "memory.max", limitText(limitBytes))]),
    ...(reservationBytes === undefined
      ? []
      : [write("reservation", "memory.low", limitText(reservationBytes))]),
  ];
}

function write(name: string, file: string, value: string): CgroupWrite {
  return { field: `memory.${name}`, file, value };
}

/** Version 1 counts memory and swap together, version 2 swap alone. null: left as it is. */
function swapMax(merged: MemoryLimits): string | null {
  const swapBytes = swapOnTop(merged);
  return swapBytes === noLimit ? "max" : swapBytes === null ? null : String(swapBytes);
}

/**
 * What of the limit of memory and swap together is more than that of memory alone; `noLimit`; null: it is left as it is.
 * @throws RunvError "invalid-argument" for limits that contradict each other
 */
export function swapOnTop({ limitBytes, swapBytes }: MemoryLimits): number | null {
  if (swapBytes === undefined) return null;
  if (swapBytes === noLimit) return noLimit;
  const fail = (why: string): never => {
    throw new RunvError("invalid-argument", `linux.resources.memory.swap: ${why}`);
  };
  if (limitBytes === undefined || limitBytes === noLimit)
    return fail("unable to set swap limit without memory limit");
  if (swapBytes < limitBytes)
    return fail(`memory+swap limit should be >= memory limit: ${swapBytes} is less than ${limitBytes} bytes`);
  return swapBytes - limitBytes;
}

function limitText(bytes: number): string {
  return bytes === noLimit ? "max" : String(bytes);
}
