import { constants } from "node:os";
import { RunvError } from "@runv/protocol/errors";
import type { Hook } from "../oci/hooks-spec.ts";
import { withAgent } from "../sandbox/attached.ts";
import type { Sandbox } from "../sandbox/boot.ts";
import { agentCallTimeoutMs, hookRunTimeoutMs, terminationTimeoutMs } from "../shared/limits.ts";
import { messages } from "../shared/messages.ts";
import { identifyProcess } from "../shared/process-identity.ts";
import { waitForEnd } from "../shared/process-wait.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { changeContainer, loadContainer } from "../state/store.ts";
import type { Context } from "./context.ts";
import { runHooks } from "./hooks.ts";
import { killContainer } from "./kill.ts";
import { settledRecord } from "./settled-record.ts";
import { containerStatus } from "./state.ts";

/** The transition from `created` to `running`. @throws RunvError invalid-state with runc's words from any other state. */
export async function startContainer(id: string, context: Context): Promise<void> {
  await changeContainer(context.root, id, async (found, note) => {
    const record = await settledRecord(found, context);
    checkCreated(record);
    return withAgent(record, context.signal, async (agent) => startRecord(record, agent, note));
  });
  await runPoststart(id, context);
}

/** The same for a verb that holds the agent's connection already. */
export async function startCreated(id: string, agent: Sandbox["agent"], context: Context): Promise<void> {
  await changeContainer(context.root, id, async (record, note) => startRecord(record, agent, note));
  await runPoststart(id, context);
}

/**
 * Once the state says that it runs. "If any poststart hook fails, the runtime MUST generate an error, stop the container" (runtime-spec:
 * runtime.md, "Lifecycle").
 */
async function runPoststart(id: string, context: Context): Promise<void> {
  const record = loadContainer(context.root, id);
  if (record.hooks.poststart.length === 0) return;
  const { init } = record;
  try {
    await runHooks(
      "poststart",
      record.hooks.poststart,
      { record, status: "running", pid: init?.pid ?? 0 },
      context,
    );
  } catch (error) {
    await killContainer({ id, signal: constants.signals.SIGKILL, all: true }, context);
    if (init !== null) await waitForEnd(init, terminationTimeoutMs);
    throw error;
  }
}

/** @param note leaves word that the guest has been asked, for the case that this verb does not live to write the answer down */
async function startRecord(
  record: ContainerRecord,
  agent: Sandbox["agent"],
  note: (record: ContainerRecord) => void,
): Promise<ContainerRecord> {
  checkCreated(record);
  note({ ...record, starter: identifyProcess(process.pid) });
  await agent.startContainer(record.id, startTimeoutMs(record.hooks.startContainer));
  return { ...record, started: true, starter: null };
}

/** The guest runs the hooks before it answers. */
function startTimeoutMs(hooks: readonly Hook[]): number {
  const hooksMs = hooks.reduce(
    (sum, hook) => sum + (hook.timeoutMs === 0 ? hookRunTimeoutMs : hook.timeoutMs),
    0,
  );
  return agentCallTimeoutMs + Math.min(hooksMs, hookRunTimeoutMs);
}

function checkCreated(record: ContainerRecord): void {
  const status = containerStatus(record);
  if (status === "running") throw new RunvError("invalid-state", messages.startRunning);
  if (status === "stopped") throw new RunvError("invalid-state", messages.startStopped);
  if (status === "creating" || status === "paused")
    throw new RunvError("invalid-state", `cannot start a container in the ${status} state`);
}
