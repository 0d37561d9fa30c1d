import { type Exit, RunvError } from "@runv/protocol";
import { within } from "../linux/deadline.ts";
import { close, type Fd } from "../linux/sys.ts";
import { type Adoption, Child } from "./child.ts";
import type { ChildStreams } from "./child-stdio.ts";
import { GuestProcess, type ProcessOptions } from "./process.ts";
import { type AgentStreams, closeStreams, makePipes } from "./streams.ts";

/** Mounts, namespaces and cgroups of one container, on a loaded machine under emulation. */
const setUpDeadlineMs = 60_000;
const executeDeadlineMs = 60_000;

export interface Launch {
  /** What errors are about. */
  readonly name: string;
  readonly terminal: boolean;
  fork(): number;
  /** The life of the child; `streams` is null with a terminal. */
  body(channel: Fd, streams: ChildStreams | null): never;
  /** Of the process that the forked one makes in its place; null: it makes none. */
  readonly adopt: Adoption | null;
  /** What becomes of it after its end. */
  readonly options: ProcessOptions;
}

/** Forks a process and waits until only its go-ahead is missing. */
export async function launch(plan: Launch): Promise<GuestProcess> {
  const pipes = plan.terminal ? null : makePipes();
  const made: { process?: GuestProcess; exit?: Exit } = {};
  const exited = (exit: Exit): void => {
    made.exit = exit;
    made.process?.exited(exit);
  };
  let child: Child | null = null;
  try {
    const forked = new Child(
      () => plan.fork(),
      (channel) => plan.body(channel, pipes?.childs ?? null),
      exited,
      plan.adopt,
    );
    child = forked;
    const { fds } = await within(setUpDeadlineMs, `set up ${plan.name}`, forked.report());
    const streams = pipes?.agents ?? terminalStreams(fds);
    const process = new GuestProcess(forked, streams, plan.options);
    made.process = process;
    if (made.exit !== undefined) process.exited(made.exit);
    return process;
  } catch (thrown) {
    child?.abandon();
    if (pipes !== null) closeStreams(pipes.agents);
    throw thrown;
  } finally {
    pipes?.childs.forEach(close);
  }
}

/** Lets a launched process become its program. @param hooksMs how long what it runs before that may take */
export async function execute(process: GuestProcess, name: string, hooksMs = 0): Promise<void> {
  process.state = "running";
  await within(executeDeadlineMs + hooksMs, `execute ${name}`, process.child.release(), () =>
    process.child.abandon(),
  );
  // The end of its channel looks the same, whether it is execve's or that of a process that was killed.
  if (hooksMs > 0 && !process.child.hooked)
    throw new RunvError("invalid-state", `${name} was killed while its startContainer hooks ran`);
}

function terminalStreams(fds: readonly Fd[]): AgentStreams {
  const [reading, control] = fds;
  if (reading === undefined || control === undefined) {
    fds.forEach(close);
    throw new RunvError("internal", "the terminal of the process did not arrive");
  }
  return { kind: "terminal", reading, control };
}
