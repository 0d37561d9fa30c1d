import { RunvError } from "@runv/protocol/errors";
import { withAgent } from "../sandbox/attached.ts";
import { messages } from "../shared/messages.ts";
import { identifyProcess } from "../shared/process-identity.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { changeContainer } from "../state/store.ts";
import type { Context } from "./context.ts";
import { settledRecord } from "./settled-record.ts";
import { containerStatus } from "./state.ts";

/** Stops a container's processes where they are. @throws RunvError invalid-state unless it runs or was created. */
export async function pauseContainer(id: string, context: Context): Promise<void> {
  await freeze(id, true, context);
}

/** Lets them go on. @throws RunvError invalid-state "container not paused". */
export async function resumeContainer(id: string, context: Context): Promise<void> {
  await freeze(id, false, context);
}

/** Word is left that the guest has been asked, for the case that this verb does not live to write the answer down. */
async function freeze(id: string, paused: boolean, context: Context): Promise<void> {
  await changeContainer(context.root, id, async (found, note) => {
    const record = await settledRecord(found, context);
    checkState(record, paused);
    note({ ...record, freezer: identifyProcess(process.pid) });
    await withAgent(record, context.signal, async (agent) =>
      paused ? agent.pauseContainer(id) : agent.resumeContainer(id),
    );
    return { ...record, paused, freezer: null };
  });
}

function checkState(record: ContainerRecord, paused: boolean): void {
  const status = containerStatus(record);
  if (paused && status !== "running" && status !== "created")
    throw new RunvError("invalid-state", messages.containerNotRunning);
  if (!paused && status !== "paused") throw new RunvError("invalid-state", messages.containerNotPaused);
}
