import { constants } from "node:os";
import { isRunvError, RunvError } from "@runv/protocol/errors";
import { endsByDefault } from "@runv/protocol/signals";
import { killSandbox, withAgent } from "../sandbox/attached.ts";
import { messages } from "../shared/messages.ts";
import { endProcess } from "../shared/process-wait.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { changeContainer, loadContainer } from "../state/store.ts";
import type { Context } from "./context.ts";
import { containerStatus, isBeingStarted } from "./state.ts";

/** A proxy whose process has ended is told so often, at most so many times, that nobody waits for the rest of the output. */
const leaveIntervalMs = 200;
const leaveAttempts = 10;

export interface KillOptions {
  readonly id: string;
  readonly signal: number;
  /** Every process of the container. */
  readonly all: boolean;
}

/**
 * Signals a container's init process, or with `all` every process. SIGKILL works without an answer of the guest: then the VM goes.
 * @throws RunvError invalid-state "container not running"; with `all` a stopped container is fine, as with runc.
 */
export async function killContainer(options: KillOptions, context: Context): Promise<void> {
  const record = loadContainer(context.root, options.id);
  const status = containerStatus(record);
  if (status === "stopped" || status === "creating") {
    if (options.all) return;
    throw new RunvError("invalid-state", messages.containerNotRunning);
  }
  const { initEnded } = await killInGuest(record, options, context);
  if (initEnded) await endReading(record, options);
  if (options.signal === constants.signals.SIGKILL && isBeingStarted(record))
    await takeFromStarter(record, context);
}

/** @returns whether the init process had ended already */
async function killInGuest(
  record: ContainerRecord,
  options: KillOptions,
  context: Context,
): Promise<{ readonly initEnded: boolean }> {
  try {
    return await withAgent(record, context.signal, async (agent) =>
      agent.kill({ containerId: options.id, signal: options.signal, all: options.all }),
    );
  } catch (error) {
    return killWithoutAgent(record, options, error);
  }
}

/** A `start` that waits for its hooks comes to nothing: it looks whether it is still the one. */
async function takeFromStarter({ id }: ContainerRecord, context: Context): Promise<void> {
  try {
    await changeContainer(context.root, id, async (present) =>
      Promise.resolve({ ...present, starter: null }),
    );
  } catch (error) {
    if (!isRunvError(error, "not-found")) throw error;
  }
}

/**
 * The init process has ended; the agent or its proxy waits for somebody to read the last output. A signal that would end the process ends that
 * wait: the agent's first, which then tells the proxy of the exit, and then the proxy's.
 */
async function endReading({ init: proxy }: ContainerRecord, { signal }: KillOptions): Promise<void> {
  if (proxy === null || !endsByDefault(signal)) return;
  for (let attempt = 0; attempt < leaveAttempts; attempt++) {
    if (await endProcess(proxy, constants.signals.SIGTERM, leaveIntervalMs)) return;
  }
}

async function killWithoutAgent(
  record: ContainerRecord,
  options: KillOptions,
  error: unknown,
): Promise<{ readonly initEnded: boolean }> {
  if (containerStatus(record) === "stopped") {
    if (options.all) return { initEnded: false };
    throw new RunvError("invalid-state", messages.containerNotRunning, { cause: error });
  }
  const finished = isRunvError(error, "invalid-state") || isRunvError(error, "not-found");
  if (finished && record.init !== null) return { initEnded: true };
  const silent = isRunvError(error, "unavailable") || isRunvError(error, "timeout");
  if (!silent || options.signal !== constants.signals.SIGKILL) throw error;
  await killSandbox(record);
  return { initEnded: false };
}
