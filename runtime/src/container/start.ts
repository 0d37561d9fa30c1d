import { RunvError } from "@runv/protocol/errors";
import { withAgent } from "../sandbox/attached.ts";
import type { Sandbox } from "../sandbox/boot.ts";
import { messages } from "../shared/messages.ts";
import { identifyProcess } from "../shared/process-identity.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { changeContainer } from "../state/store.ts";
import type { Context } from "./context.ts";
import { settledRecord } from "./settled-record.ts";
import { containerStatus } from "./state.ts";

/** The transition from `created` to `running`. @throws RunvError invalid-state with runc's words from any other state. */
export async function startContainer(id: string, context: Context): Promise<void> {
  await changeContainer(context.root, id, async (found, note) => {
    const record = await settledRecord(found, context);
    checkCreated(record);
    return withAgent(record, context.signal, async (agent) => startRecord(record, agent, note));
  });
}

/** The same for a verb that holds the agent's connection already. */
export async function startCreated(id: string, agent: Sandbox["agent"], context: Context): Promise<void> {
  await changeContainer(context.root, id, async (record, note) => startRecord(record, agent, note));
}

/** @param note leaves word that the guest has been asked, for the case that this verb does not live to write the answer down */
async function startRecord(
  record: ContainerRecord,
  agent: Sandbox["agent"],
  note: (record: ContainerRecord) => void,
): Promise<ContainerRecord> {
  checkCreated(record);
  note({ ...record, starter: identifyProcess(process.pid) });
  await agent.startContainer(record.id);
  return { ...record, started: true, starter: null };
}

function checkCreated(record: ContainerRecord): void {
  const status = containerStatus(record);
  if (status === "running") throw new RunvError("invalid-state", messages.startRunning);
  if (status === "stopped") throw new RunvError("invalid-state", messages.startStopped);
  if (status === "creating")
    throw new RunvError("invalid-state", `cannot start a container in the ${status} state`);
}
