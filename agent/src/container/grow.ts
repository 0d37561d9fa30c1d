import { type MakeRoomResponse, type Resources, RunvError } from "@runv/protocol";
import { noteAvailableMemory } from "../linux/cgroups/reserve.ts";
import { within } from "../linux/deadline.ts";
import { totalMemoryBytes } from "../linux/memory.ts";
import { addBlock, blocksIn } from "../linux/memory-blocks.ts";
import { addProcessor, processorCount } from "../linux/processors.ts";
import { inChild } from "../storage/work.ts";
import type { Container } from "./container.ts";
import type { Containers } from "./containers.ts";
import { type Growth, missingRoom, type Reserve } from "./room.ts";

const bytesPerMib = 1_048_576;
/** Under emulation on a loaded host 24 GiB took half a minute; the host waits a little longer. */
const growMs = 110_000;

/**
 * Gives the guest what it lacks for limits that are to be asked for next.
 * @throws RunvError "unsupported" that names the field when its machine has not as much; nothing is given then
 */
export async function makeRoom(
  containers: Containers,
  container: Container,
  asked: Resources,
  reserve: Reserve,
): Promise<MakeRoomResponse> {
  if (container.init.state === "exited") throw new RunvError("invalid-state", "container not running");
  const growth = missingRoom(container.limits, asked, reserve);
  if (growth.blocks.length + growth.processors.length > 0) await grow(growth, containers);
  const added = blocksIn(reserve.spareMemory).filter(({ isPresent }) => isPresent);
  const addedBytes = added.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const processors = processorCount();
  return { addedMemoryMib: addedBytes / bytesPerMib, processors, ...container.limits.memory };
}

/** In a child: the kernel may take a while over each block. */
async function grow({ blocks, processors }: Growth, containers: Containers): Promise<void> {
  const before = totalMemoryBytes();
  const work = inChild(() => {
    for (const block of blocks) addBlock(block);
    for (const number of processors) addProcessor(number);
    return {};
  });
  try {
    await within(growMs, "virtual machine: growing", work.done, () => work.abandon());
  } finally {
    noteAvailableMemory(totalMemoryBytes() - before);
    for (const { cgroup } of containers.all()) cgroup.followGuest();
  }
}
