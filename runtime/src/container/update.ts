import { RunvError } from "@runv/protocol/errors";
import { mergeLimits, noLimits, type PresentLimits } from "@runv/protocol/present-limits";
import type { ResourcesSpec } from "../oci/resources.ts";
import { resourcesOfVersion } from "../oci/resources-of-version.ts";
import { withAgent } from "../sandbox/attached.ts";
import { givenMemory, grownMachine, presentNeed, spareOf } from "../sandbox/growth.ts";
import {
  type Limiting,
  limitGrown,
  limitHostPlace,
  limitOnlyHere,
  limitRunning,
} from "../sandbox/host-place.ts";
import { JsonCursor } from "../shared/json-cursor.ts";
import { messages } from "../shared/messages.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { changeContainer } from "../state/store.ts";
import type { Context } from "./context.ts";
import { resourcesRequest } from "./resources-request.ts";
import { containerStatus } from "./state.ts";

/** What the limits come in: as `update` reads them. */
const document = "resources";

/**
 * Changes a container's limits; what `asked` leaves out stays as it is. Its machine grows before them, as far as it has to, and before that
 * the host lets it: a machine never has more than the host knows of.
 * @throws RunvError invalid-state "container not running" for one that has stopped, "unsupported" for what its machine has no room for;
 * no limit has changed then.
 */
export async function updateContainer(id: string, asked: ResourcesSpec, context: Context): Promise<void> {
  await changeContainer(context.root, id, async (record, note) => {
    const status = containerStatus(record);
    if (status === "stopped" || status === "creating")
      throw new RunvError("invalid-state", messages.containerNotRunning);
    const warn = (sentence: string): void => context.log.warning(sentence);
    const limiting = { warn, signal: context.signal };
    const at = new JsonCursor(undefined, document);
    const resources = resourcesOfVersion(asked, record.cgroupVersion, at, warn);
    const request = resourcesRequest(resources);
    const limits = mergeLimits(record.machine?.limits ?? noLimits, request);
    const grown = { ...record, machine: grow(record, limits) };
    const restore = await limitOnlyHere(record, resources, limiting);
    try {
      if (hasGrown(record, grown)) {
        note(withLimitsOf(grown, record));
        await letGrow(record, grown, limiting);
      }
      await withAgent(record, context.signal, async (agent) =>
        agent.updateContainer({ containerId: id, resources: request, ...guestSize(grown) }),
      );
    } catch (error) {
      restore();
      throw error;
    }
    await limitOnHost(grown, withPresent(resources, limits), limiting);
    return grown;
  });
}

function grow({ machine, vm }: ContainerRecord, limits: PresentLimits): ContainerRecord["machine"] {
  return machine === null ? null : grownMachine(machine, spareOf(vm), limits);
}

function hasGrown({ machine: before }: ContainerRecord, { machine: after }: ContainerRecord): boolean {
  return (after?.addedMemoryMib ?? 0) > (before?.addedMemoryMib ?? 0);
}

/** While it is not known whether the guest takes the new ones. */
function withLimitsOf(grown: ContainerRecord, before: ContainerRecord): ContainerRecord {
  const { machine } = grown;
  return machine === null
    ? grown
    : { ...grown, machine: { ...machine, limits: before.machine?.limits ?? noLimits } };
}

function guestSize({ machine, vm }: ContainerRecord): {
  memory: ReturnType<typeof givenMemory>;
  processors: number;
} {
  if (machine === null) return { memory: [], processors: 0 };
  return { memory: givenMemory(spareOf(vm), machine.addedMemoryMib), processors: machine.vcpuCount };
}

/** @param before whose limits still hold */
async function letGrow(before: ContainerRecord, grown: ContainerRecord, limiting: Limiting): Promise<void> {
  const need = needOf(grown);
  if (need === null) return;
  const memory = { ...memoryOf(before.machine?.limits ?? noLimits), reservationBytes: null };
  await limitGrown(grown, { memory, need }, limiting);
}

async function limitOnHost(
  record: ContainerRecord,
  resources: ResourcesSpec,
  limiting: Limiting,
): Promise<void> {
  const need = needOf(record);
  if (need !== null) await limitHostPlace(record, { resources, need }, limiting);
  await limitRunning(record, resources, limiting);
}

function needOf({ hostNeed, machine, vm }: ContainerRecord): ReturnType<typeof presentNeed> | null {
  return hostNeed === null ? null : presentNeed(hostNeed, spareOf(vm), machine?.addedMemoryMib ?? 0);
}

/** Quota and period are one limit, and so are memory and memory with swap: whoever changes one keeps the other. */
function withPresent(resources: ResourcesSpec, limits: PresentLimits): ResourcesSpec {
  const { cpu, memory } = resources;
  const isTime = cpu.quotaMicros !== null || cpu.periodMicros !== null;
  const { quotaUs = null, periodUs = null } = limits.cpu;
  return {
    ...resources,
    cpu: { ...cpu, ...(isTime ? { quotaMicros: quotaUs, periodMicros: periodUs } : {}) },
    memory: { ...memory, ...memoryOf(limits) },
  };
}

function memoryOf({ memory }: PresentLimits): { limitBytes: number | null; swapBytes: number | null } {
  return { limitBytes: memory.limitBytes ?? null, swapBytes: memory.swapBytes ?? null };
}
