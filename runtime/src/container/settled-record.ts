import { withAgent } from "../sandbox/attached.ts";
import { guestQuestionTimeoutMs } from "../shared/limits.ts";
import { isAlive } from "../shared/process-identity.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import type { Context } from "./context.ts";

/**
 * The record as it is true now. A `start`, `pause` or `resume` that was killed has not written down what came of it, and only the guest
 * knows whether it had asked already. Who gets no answer takes the container as started: then nothing is removed without --force.
 */
export async function settledRecord(record: ContainerRecord, context: Context): Promise<ContainerRecord> {
  if (!isStartUnknown(record) && !isPauseUnknown(record)) return record;
  return { ...record, ...(await ask(record, context)) };
}

function isPauseUnknown({ freezer, init }: ContainerRecord): boolean {
  return freezer !== null && !isAlive(freezer) && init !== null && isAlive(init);
}

function isStartUnknown(record: ContainerRecord): boolean {
  const { started, starter, init } = record;
  return !started && starter !== null && !isAlive(starter) && init !== null && isAlive(init);
}

async function ask(
  record: ContainerRecord,
  context: Context,
): Promise<Pick<ContainerRecord, "started" | "paused">> {
  try {
    const { started, paused } = await withAgent(record, context.signal, async (agent) =>
      agent.containerState(record.id, guestQuestionTimeoutMs),
    );
    return { started, paused };
  } catch {
    return { started: true, paused: record.paused };
  }
}
