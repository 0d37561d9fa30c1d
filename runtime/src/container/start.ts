import { constants } from "node:os";
import { isRunvError, RunvError } from "@runv/protocol/errors";
import type { Hook } from "../oci/hooks-spec.ts";
import { withAgent } from "../sandbox/attached.ts";
import type { Sandbox } from "../sandbox/boot.ts";
import { withAbortWhen } from "../shared/deadlines.ts";
import {
  agentCallTimeoutMs,
  hookRunTimeoutMs,
  starterWatchIntervalMs,
  terminationTimeoutMs,
} from "../shared/limits.ts";
import { messages } from "../shared/messages.ts";
import { identifyProcess } from "../shared/process-identity.ts";
import { waitForEnd } from "../shared/process-wait.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { changeContainer, loadContainer } from "../state/store.ts";
import type { Context } from "./context.ts";
import { runHooks } from "./hooks.ts";
import { killContainer } from "./kill.ts";
import { settledRecord } from "./settled-record.ts";
import { containerStatus, isBeingStarted } from "./state.ts";

/** From the failure of a call to a guest that is gone to the end of the proxy, which hears of that as well. */
const endNoticeTimeoutMs = 500;

/** The transition from `created` to `running`. @throws RunvError invalid-state with runc's words from any other state. */
export async function startContainer(id: string, context: Context): Promise<void> {
  const record = await claimStart(id, context);
  await withAgent(record, context.signal, async (agent) => startClaimed(record, agent, context));
  await runPoststart(id, context);
}

/** The same for a verb that holds the agent's connection already. */
export async function startCreated(id: string, agent: Sandbox["agent"], context: Context): Promise<void> {
  await startClaimed(await claimStart(id, context), agent, context);
  await runPoststart(id, context);
}

/**
 * Leaves word that the guest is being asked: for the case that this verb does not live to write the answer down, and for the verbs that
 * come while hooks run. Those may take as long as they like, so that the lock is not held for them.
 */
async function claimStart(id: string, context: Context): Promise<ContainerRecord> {
  const claimed: ContainerRecord[] = [];
  await changeContainer(context.root, id, async (found, note) => {
    const record = await settledRecord(found, context);
    checkCreated(record);
    const own = { ...record, starter: identifyProcess(process.pid) };
    note(own);
    claimed.push(own);
    return null;
  });
  const [record] = claimed;
  if (record === undefined) throw new RunvError("internal", `container ${id}: was not claimed`);
  return record;
}

async function startClaimed(
  record: ContainerRecord,
  agent: Sandbox["agent"],
  context: Context,
): Promise<void> {
  const { id } = record;
  const { startContainer, poststart } = record.hooks;
  try {
    await agent.startContainer(id, startTimeoutMs(startContainer));
  } catch (error) {
    throw await explainEnd(record, error);
  }
  await changeContainer(context.root, id, async (present) =>
    Promise.resolve({ ...present, started: true, starter: poststart.length > 0 ? present.starter : null }),
  );
}

/** What is said of a guest that is gone says nothing to whoever started a container in it. */
async function explainEnd({ id, init }: ContainerRecord, error: unknown): Promise<unknown> {
  const isSilence = ["unavailable", "timeout", "agent"].some(
    (code) => isRunvError(error) && error.code === code,
  );
  if (!isSilence || init === null || !(await waitForEnd(init, endNoticeTimeoutMs))) return error;
  return new RunvError("invalid-state", `container ${id} ended while it was being started`, { cause: error });
}

/**
 * Once the state says that it runs. "If any poststart hook fails, the runtime MUST generate an error, stop the container" (runtime-spec:
 * runtime.md, "Lifecycle"). They are given up when somebody kills the container meanwhile, or deletes it; when it ends by itself they are
 * not.
 */
async function runPoststart(id: string, context: Context): Promise<void> {
  const record = loadContainer(context.root, id);
  const { init, hooks } = record;
  if (hooks.poststart.length === 0) return;
  try {
    await withAbortWhen(
      { everyMs: starterWatchIntervalMs, parent: context.signal, probe: () => givenUp(id, context) },
      async (signal) =>
        runHooks(
          "poststart",
          hooks.poststart,
          { record, status: "running", pid: init?.pid ?? 0 },
          { ...context, signal },
        ),
    );
  } catch (error) {
    if (isOwnStart(id, context)) {
      await killContainer({ id, signal: constants.signals.SIGKILL, all: true }, context);
      if (init !== null) await waitForEnd(init, terminationTimeoutMs);
    }
    throw error;
  }
  await changeContainer(context.root, id, async (present) => Promise.resolve({ ...present, starter: null }));
}

function givenUp(id: string, context: Context): RunvError | null {
  if (isOwnStart(id, context)) return null;
  return new RunvError("invalid-state", `container ${id} was killed while its poststart hooks ran`);
}

/** Whether nobody has taken the start from this verb (`kill`), nor the container (`delete`). */
function isOwnStart(id: string, context: Context): boolean {
  try {
    return loadContainer(context.root, id).starter?.pid === process.pid;
  } catch (error) {
    if (!isRunvError(error)) throw error;
    return error.code !== "not-found";
  }
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
  if (isBeingStarted(record))
    throw new RunvError("invalid-state", `cannot start container ${record.id}: it is being started`);
}
