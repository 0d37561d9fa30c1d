import type { StatsResponse } from "@runv/protocol";
import { errorMessage, isRunvError, RunvError } from "@runv/protocol/errors";
import { withAgent } from "../sandbox/attached.ts";
import type { Sandbox } from "../sandbox/boot.ts";
import { sleep } from "../shared/deadlines.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { loadContainer } from "../state/store.ts";
import type { Context } from "./context.ts";
import { containerStatus } from "./state.ts";

type Agent = Sandbox["agent"];

/** Takes what happens; false ends the watch: nobody listens any more. */
export interface Listener {
  readonly onStats: (stats: StatsResponse) => boolean;
  /** Once for each time that processes were killed for memory. */
  readonly onOom: () => boolean;
}

/** What a container uses now. @throws RunvError invalid-state in runc's words when it has stopped. */
export async function containerStats(id: string, context: Context): Promise<StatsResponse> {
  return withAgent(runningRecord(id, context), context.signal, async (agent) => agent.stats(id));
}

/** Tells what a container uses every `intervalMs`, and of processes killed for memory, until it ends. @throws as `containerStats` */
export async function watchContainer(
  id: string,
  intervalMs: number,
  listener: Listener,
  context: Context,
): Promise<void> {
  const record = runningRecord(id, context);
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const end = (): void => over.abort();
  try {
    await withAgent(record, signal, async (agent) => {
      const told = { listener, end };
      await Promise.all([
        watchKills(agent, id, told).finally(end),
        tellStats(agent, { id, intervalMs, signal, context }, told),
      ]);
    });
  } catch (error) {
    if (!over.signal.aborted && !hasEnded(record, error)) throw error;
  }
}

interface Told {
  readonly listener: Listener;
  readonly end: () => void;
}

async function watchKills(agent: Agent, id: string, { listener, end }: Told): Promise<void> {
  let known: number | null = null;
  await agent.watchOom(id, (kills) => {
    if (known !== null && kills > known && !listener.onOom()) end();
    known = kills;
  });
}

interface Telling {
  readonly id: string;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly context: Context;
}

/** A look that fails is told and tried again, as runc does. */
async function tellStats(agent: Agent, telling: Telling, { listener, end }: Told): Promise<void> {
  const { id, intervalMs, signal, context } = telling;
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    await sleep(intervalMs, signal).catch(() => undefined);
    if (isOver()) return;
    try {
      if (!listener.onStats(await agent.stats(id))) end();
    } catch (error) {
      context.log.debug("stats", { error: errorMessage(error) });
    }
  }
}

/** The machine goes with the container, and the connection with the machine. */
function hasEnded(record: ContainerRecord, error: unknown): boolean {
  return isRunvError(error, "unavailable") || containerStatus(record) === "stopped";
}

function runningRecord(id: string, context: Context): ContainerRecord {
  const record = loadContainer(context.root, id);
  const status = containerStatus(record);
  if (status === "stopped" || status === "creating")
    throw new RunvError("invalid-state", `container with id ${id} is not running`);
  return record;
}
