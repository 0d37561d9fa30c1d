import { type Resources, RunvError } from "@runv/protocol";
import type { Cgroup } from "../linux/cgroups/cgroup.ts";
import { within } from "../linux/deadline.ts";
import { mergeLimits } from "../linux/resources/present-limits.ts";
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
  const work = inChild(() => {
    container.cgroup.setLimits(asked, container.limits);
    return {};
  });
  await within(updateMs, `update container ${container.id}`, work.done, () => work.abandon());
  container.limits = mergeLimits(container.limits, asked);
}

function checkUsage(cgroup: Cgroup, { memory }: Resources): void {
  if (memory?.checkBeforeUpdate !== true || memory.limitBytes === undefined || memory.limitBytes < 0) return;
  const usage = cgroup.memoryUsageBytes();
  if (memory.limitBytes >= usage) return;
  const why = `rejecting memory limit ${memory.limitBytes} < usage ${usage}`;
  throw new RunvError("invalid-argument", `linux.resources.memory.limit: ${why} (checkBeforeUpdate)`);
}
