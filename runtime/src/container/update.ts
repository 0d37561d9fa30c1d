import type { MakeRoomResponse, UpdateContainerResponse } from "@runv/protocol";
import { RunvError } from "@runv/protocol/errors";
import type { ResourcesSpec } from "../oci/resources.ts";
import { resourcesOfVersion } from "../oci/resources-of-version.ts";
import { withAgent } from "../sandbox/attached.ts";
import { makeRoom, presentNeed } from "../sandbox/growth.ts";
import { type Limiting, limitGrown, limitHostPlace, limitRunning } from "../sandbox/host-place.ts";
import { JsonCursor } from "../shared/json-cursor.ts";
import { messages } from "../shared/messages.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { changeContainer } from "../state/store.ts";
import type { Context } from "./context.ts";
import { resourcesRequest } from "./resources-request.ts";
import { containerStatus } from "./state.ts";

/** What the limits come in: as `update` reads them. */
const document = "resources";

/** Limits that the guest holds. */
type Held = UpdateContainerResponse | MakeRoomResponse;

/**
 * Changes a container's limits; what `asked` leaves out stays as it is. Its machine grows before them, as far as it has to.
 * @throws RunvError invalid-state "container not running" for one that has stopped, "unsupported" for what its machine has no room for;
 * no limit has changed then.
 */
export async function updateContainer(id: string, asked: ResourcesSpec, context: Context): Promise<void> {
  await changeContainer(context.root, id, async (record, note) => {
    const status = containerStatus(record);
    if (status === "stopped" || status === "creating")
      throw new RunvError("invalid-state", messages.containerNotRunning);
    const limiting = {
      warn: (sentence: string): void => context.log.warning(sentence),
      signal: context.signal,
    };
    const at = new JsonCursor(undefined, document);
    const resources = resourcesOfVersion(asked, record.cgroupVersion, at, limiting.warn);
    const request = resourcesRequest(resources);
    return withAgent(record, context.signal, async (agent) => {
      const room = needsRoom(resources) ? await makeRoom(record, request, agent) : null;
      const grown = { ...record, addedMemoryMib: room?.addedMemoryMib ?? record.addedMemoryMib };
      if (room !== null && grown.addedMemoryMib !== record.addedMemoryMib) {
        note(grown);
        await letGrow(grown, room, limiting);
      }
      const held = await agent.updateContainer(id, request);
      await limitOnHost(grown, withHeld(resources, held), limiting);
      return grown;
    });
  });
}

function needsRoom({ memory, cpu }: ResourcesSpec): boolean {
  return memory.limitBytes !== null || cpu.quotaMicros !== null || cpu.periodMicros !== null;
}

/** Before the container may use more, the host lets its machine. */
async function letGrow(record: ContainerRecord, held: Held, limiting: Limiting): Promise<void> {
  const { hostNeed } = record;
  if (hostNeed === null) return;
  const memory = { ...heldMemory(held), reservationBytes: null };
  const need = presentNeed(hostNeed, record.vm, record.addedMemoryMib);
  await limitGrown(record, { memory, need }, limiting);
}

async function limitOnHost(
  record: ContainerRecord,
  resources: ResourcesSpec,
  limiting: Limiting,
): Promise<void> {
  const { hostNeed, vm, addedMemoryMib } = record;
  if (hostNeed !== null)
    await limitHostPlace(record, { resources, need: presentNeed(hostNeed, vm, addedMemoryMib) }, limiting);
  await limitRunning(record, resources, limiting);
}

/** Quota and period are one limit, and so are memory and memory with swap: whoever changes one keeps the other, which the guest knows. */
function withHeld(resources: ResourcesSpec, held: UpdateContainerResponse): ResourcesSpec {
  const { cpu, memory } = resources;
  const isTime = cpu.quotaMicros !== null || cpu.periodMicros !== null;
  const time = { quotaMicros: held.quotaUs ?? null, periodMicros: held.periodUs ?? null };
  const isMemory = memory.limitBytes !== null || memory.swapBytes !== null;
  return {
    ...resources,
    cpu: { ...cpu, ...(isTime ? time : {}) },
    memory: { ...memory, ...(isMemory ? heldMemory(held) : {}) },
  };
}

function heldMemory({ limitBytes, swapBytes }: Held): {
  limitBytes: number | null;
  swapBytes: number | null;
} {
  return { limitBytes: limitBytes ?? null, swapBytes: swapBytes ?? null };
}
