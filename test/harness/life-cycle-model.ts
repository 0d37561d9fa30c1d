import { expect } from "vitest";
import { messages } from "../../runtime/src/shared/messages.ts";
import type { Random } from "../fixtures/grpc/random.ts";
import { eventually } from "./leftovers.ts";

/** null: there is no such container. */
export type Status = "created" | "running" | "paused" | "stopped" | null;

/** What can happen to a container. Kills are named by their signal; "exit" is its process's own. */
const actions = [
  "create",
  "start",
  "kill KILL",
  "kill TERM",
  "kill USR1",
  "kill --all KILL",
  "delete",
  "delete --force",
  "exec",
  "pause",
  "resume",
  "exit",
] as const;
export type Action = (typeof actions)[number];

/** A runtime under test. Its containers' processes end with SIGTERM, and with nothing else but SIGKILL and their own exit. */
export interface Subject {
  /** @returns null when it succeeded, else the error's text */
  act(action: Action, id: string): Promise<string | null>;
  /** As `state` tells. */
  status(id: string): Promise<Status>;
  /** As `list` tells. */
  list(): Promise<Readonly<Record<string, string>>>;
}

interface Expectation {
  /** The status it comes to. */
  readonly next: Status;
  /** Of the error; null: the verb succeeds. */
  readonly error: string | null;
}

interface Container {
  status: Status;
  started: boolean;
}

/**
 * Takes `steps` random steps and compares the runtime with runtime-spec's state machine (runtime.md, "Lifecycle") after each: what the
 * verb says, the container's status, and now and then the list.
 */
export async function walkLifeCycles(
  subject: Subject,
  ids: readonly string[],
  { steps, random }: { readonly steps: number; readonly random: Random },
): Promise<ReadonlyMap<string, number>> {
  const model = new Map<string, Container>(ids.map((id) => [id, { status: null, started: false }]));
  const seen = new Map<string, number>();
  for (let step = 0; step < steps; step++) {
    const id = ids[random.below(ids.length)] ?? "";
    const container = model.get(id) ?? { status: null, started: false };
    const action = chooseAction(container.status, random);
    const place = `step ${step}: ${action} ${id}, which is ${container.status ?? "absent"}`;
    const expected = expectation(action, container);
    const error = await subject.act(action, id);
    if (expected.error === null) expect(error, place).toBeNull();
    else expect(error, place).toContain(expected.error);
    await settled(subject, id, expected.next, place);
    model.set(id, { status: expected.next, started: nextStarted(action, container, expected) });
    if (step % 7 === 0) expect(await subject.list(), place).toEqual(listOf(model));
    const key = nameOf(action, container.status);
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  return seen;
}

/** Mostly what moves it on, so that long lives come about; everything else as well. */
function chooseAction(status: Status, random: Random): Action {
  if (status === null && random.below(3) > 0) return "create";
  if (status === "created" && random.below(3) === 0) return "start";
  const possible = actions.filter((action) => isDefined(action, status));
  return possible[random.below(possible.length)] ?? "create";
}

/** Every action in every status, as `walkLifeCycles` counts them. */
export const everyCase: readonly string[] = ([null, "created", "running", "paused", "stopped"] as const)
  .flatMap((status) =>
    actions.filter((action) => isDefined(action, status)).map((action) => nameOf(action, status)),
  )
  .sort();

function nameOf(action: Action, status: Status): string {
  return `${action} when ${status ?? "absent"}`;
}

/** What a waiting or frozen process makes of a signal other than SIGKILL is not the state machine's. */
function isDefined(action: Action, status: Status): boolean {
  if (action === "exit") return status === "running";
  return (
    !(action === "kill TERM" && (status === "created" || status === "paused")) &&
    !(action === "kill USR1" && status === "created")
  );
}

async function settled(subject: Subject, id: string, next: Status, place: string): Promise<void> {
  return eventually(async () => [place, await subject.status(id)], [place, next]);
}

function nextStarted(action: Action, container: Container, { next, error }: Expectation): boolean {
  if (next === null) return false;
  return container.started || (action === "start" && error === null);
}

function listOf(model: ReadonlyMap<string, Container>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...model].flatMap(([id, { status }]) => (status === null ? [] : [[id, status] as const])),
  );
}

function expectation(action: Action, { status, started }: Container): Expectation {
  const stays = (error: string | null): Expectation => ({ next: status, error });
  const becomes = (next: Status): Expectation => ({ next, error: null });
  if (status === null) {
    if (action === "create") return becomes("created");
    return stays(action === "delete --force" ? null : messages.containerDoesNotExist);
  }
  switch (action) {
    case "create":
      return stays(messages.containerExists);
    case "start":
      return status === "created" ? becomes("running") : stays(startErrors[status]);
    case "kill KILL":
    case "kill --all KILL":
      if (status === "stopped") return stays(action === "kill KILL" ? messages.containerNotRunning : null);
      return becomes("stopped");
    case "kill TERM":
      return status === "stopped" ? stays(messages.containerNotRunning) : becomes("stopped");
    case "kill USR1":
      return stays(status === "stopped" ? messages.containerNotRunning : null);
    case "delete":
      return status === "created" || status === "stopped" ? becomes(null) : stays("that is not stopped");
    case "delete --force":
      return becomes(null);
    case "exec":
      return stays(execErrors[status]);
    case "pause":
      return status === "created" || status === "running"
        ? becomes("paused")
        : stays(messages.containerNotRunning);
    case "resume":
      return status === "paused"
        ? becomes(started ? "running" : "created")
        : stays(messages.containerNotPaused);
    case "exit":
      return becomes("stopped");
  }
}

const startErrors = {
  running: messages.startRunning,
  stopped: messages.startStopped,
  paused: "cannot start a container in the paused state",
} as const;

const execErrors = {
  created: null,
  running: null,
  paused: messages.execPaused,
  stopped: messages.execStopped,
} as const;
