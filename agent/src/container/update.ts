import { type Resources, RunvError } from "@runv/protocol";
import { limitsDirectory, memoryUsageBytes } from "../linux/cgroups.ts";
import { within } from "../linux/deadline.ts";
import { writeLimits } from "../linux/resources/cgroup-write.ts";
import { mergeLimits, resourceWrites } from "../linux/resources/resource-writes.ts";
import { inChild } from "../storage/work.ts";
import { checkResources } from "./check-resources.ts";
import type { Container } from "./container.ts";

/** Memory that is to be given back may have to be written to a disk first. */
const updateMs = 25_000;

/**
 * Changes the limits of a container. In a child: the kernel lets whoever lowers a limit of memory wait until enough was given back.
 * @throws RunvError that names the field; nothing has changed then
 */
export async function updateContainer(container: Container, asked: Resources): Promise<void> {
  if (container.init.state === "exited") throw new RunvError("invalid-state", "container not running");
  checkResources(asked);
  checkUsage(container.cgroup, asked);
  const merged = mergeLimits(container.limits, asked);
  const writes = resourceWrites(asked, merged);
  const work = inChild(() => {
    writeLimits(limitsDirectory(container.cgroup), writes);
    return {};
  });
  await within(updateMs, `update container ${container.id}`, work.done, () => work.abandon());
  container.limits = merged;
}

function checkUsage(cgroup: string, { memory }: Resources): void {
  if (memory?.checkBeforeUpdate !== true || memory.limitBytes === undefined || memory.limitBytes < 0) return;
  const usage = memoryUsageBytes(cgroup);
  if (memory.limitBytes >= usage) return;
  const why = `rejecting memory limit ${memory.limitBytes} < usage ${usage}`;
  throw new RunvError("invalid-argument", `linux.resources.memory.limit: ${why} (checkBeforeUpdate)`);
}
