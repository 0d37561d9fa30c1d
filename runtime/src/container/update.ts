import type { UpdateContainerResponse } from "@runv/protocol";
import { RunvError } from "@runv/protocol/errors";
import type { ResourcesSpec } from "../oci/resources.ts";
import { withAgent } from "../sandbox/attached.ts";
import { limitHostPlace, limitRunning } from "../sandbox/host-place.ts";
import { messages } from "../shared/messages.ts";
import { changeContainer } from "../state/store.ts";
import type { Context } from "./context.ts";
import { resourcesRequest } from "./resources-request.ts";
import { containerStatus } from "./state.ts";

/**
 * Changes a container's limits; what `resources` leaves out stays as it is.
 * @throws RunvError invalid-state "container not running" for one that has stopped, "unsupported" for what its machine has no room for;
 * nothing has changed then.
 */
export async function updateContainer(id: string, resources: ResourcesSpec, context: Context): Promise<void> {
  await changeContainer(context.root, id, async (record) => {
    const status = containerStatus(record);
    if (status === "stopped" || status === "creating")
      throw new RunvError("invalid-state", messages.containerNotRunning);
    const held = await withAgent(record, context.signal, async (agent) =>
      agent.updateContainer(id, resourcesRequest(resources)),
    );
    const warn = (sentence: string): void => context.log.warning(sentence);
    if (record.hostNeed !== null) limitHostPlace(record, { resources, need: record.hostNeed }, warn);
    limitRunning(record, withProcessorTime(resources, held), warn);
    return null;
  });
}

/** Quota and period are one limit: whoever changes one keeps the other, which the guest knows. */
function withProcessorTime(resources: ResourcesSpec, held: UpdateContainerResponse): ResourcesSpec {
  const { cpu } = resources;
  if (cpu.quotaMicros === null && cpu.periodMicros === null) return resources;
  return {
    ...resources,
    cpu: { ...cpu, quotaMicros: held.quotaUs ?? null, periodMicros: held.periodUs ?? null },
  };
}
