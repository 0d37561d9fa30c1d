import { withAgent } from "../sandbox/attached.ts";
import { guestQuestionTimeoutMs } from "../shared/limits.ts";
import { isAlive } from "../shared/process-identity.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import type { Context } from "./context.ts";

/**
 * The record as it is true now. A `start` that was killed has not written down what came of it, and only the guest knows whether it had
 * asked already. Who gets no answer takes the container as running: then nothing is removed without --force.
 */
export async function settledRecord(record: ContainerRecord, context: Context): Promise<ContainerRecord> {
  return isStartUnknown(record) ? { ...record, started: await askWhetherStarted(record, context) } : record;
}

function isStartUnknown(record: ContainerRecord): boolean {
  const { started, starter, init } = record;
  return !started && starter !== null && !isAlive(starter) && init !== null && isAlive(init);
}

async function askWhetherStarted(record: ContainerRecord, context: Context): Promise<boolean> {
  try {
    return await withAgent(record, context.signal, async (agent) =>
      agent.hasStarted(record.id, guestQuestionTimeoutMs),
    );
  } catch {
    return true;
  }
}
