import { type Resources, RunvError } from "@runv/protocol";
import { defaultCpuPeriodUs } from "@runv/protocol/cgroup-values";
import { totalMemoryBytes } from "../linux/memory.ts";
import { processorCount } from "../linux/processors.ts";
import { mergeLimits, type PresentLimits } from "../linux/resources/resource-writes.ts";

/** Of a machine made for a limit, the kernel keeps this part at most for itself. */
const kernelShare = 0.02;
const bytesPerMib = 1_048_576;

/**
 * A higher limit than the machine has room for would be none: the kernel takes it, and the container never gets it.
 * @throws RunvError "unsupported" that names the field
 */
export function checkRoom(before: PresentLimits, asked: Resources): void {
  checkMemory(before.memory.limitBytes ?? 0, asked.memory?.limitBytes ?? 0);
  const after = mergeLimits(before, asked);
  checkProcessors(processorsOf(before), processorsOf(after));
}

function checkMemory(before: number, asked: number): void {
  const total = totalMemoryBytes();
  if (asked <= before || asked <= total / (1 - kernelShare)) return;
  const has = `the virtual machine has ${Math.floor(total / bytesPerMib)} MiB and cannot grow`;
  refuse(`memory.limit: ${asked} bytes: ${has} (create the container with this limit, or a larger machine)`);
}

function checkProcessors(before: number, asked: number): void {
  const count = processorCount();
  if (asked <= before || Math.ceil(asked) <= count) return;
  const has = `the virtual machine has ${count}, and cannot get more`;
  const needs = `quota and period ask for ${asked} processors`;
  refuse(`cpu.quota: ${needs}: ${has} (create the container with this quota, or a larger machine)`);
}

/** How many processors' time a container may use; 0: no limit, which needs none. */
function processorsOf({ cpu: { quotaUs = 0, periodUs = defaultCpuPeriodUs } }: PresentLimits): number {
  return Math.max(quotaUs, 0) / periodUs;
}

function refuse(why: string): never {
  throw new RunvError("unsupported", `linux.resources.${why}`);
}
