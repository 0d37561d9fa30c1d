import { type Resources, RunvError } from "@runv/protocol";
import { mergeLimits } from "@runv/protocol/present-limits";
import type { Cgroup } from "../linux/cgroups/cgroup.ts";
import { within } from "../linux/deadline.ts";
import { inChild } from "../storage/work.ts";
import { checkResources } from "./check-resources.ts";
import type { Container } from "./container.ts";
import type { Containers } from "./containers.ts";
import { type GuestSize, grow, missing, shareGrowth } from "./grow.ts";

/** Memory that is to be given back may have to be written to a disk first; to add 24 GiB took half a minute on a loaded host that emulates. */
const updateMs = 50_000;

/**
 * Changes the limits of a container, in a guest that is given what it lacks before. In a child: the kernel lets whoever lowers a limit of
 * memory wait until enough was given back.
 * @throws RunvError that names the field; no limit has changed then
 */
export async function updateContainer(
  containers: Containers,
  container: Container,
  { asked, size }: { readonly asked: Resources; readonly size: GuestSize },
): Promise<void> {
  if (container.init.state === "exited") throw new RunvError("invalid-state", "container not running");
  checkResources(asked);
  checkUsage(container.cgroup, asked);
  const growth = missing(size);
  const work = inChild(() => {
    grow(growth);
    container.cgroup.setLimits(asked, container.limits);
    return {};
  });
  await within(updateMs, `update container ${container.id}`, work.done, () => work.abandon());
  container.limits = mergeLimits(container.limits, asked);
  shareGrowth(containers);
}

function checkUsage(cgroup: Cgroup, { memory }: Resources): void {
  if (memory?.checkBeforeUpdate !== true || memory.limitBytes === undefined || memory.limitBytes < 0) return;
  const usage = cgroup.memoryUsageBytes();
  if (memory.limitBytes >= usage) return;
  const why = `rejecting memory limit ${memory.limitBytes} < usage ${usage}`;
  throw new RunvError("invalid-argument", `linux.resources.memory.limit: ${why} (checkBeforeUpdate)`);
}
