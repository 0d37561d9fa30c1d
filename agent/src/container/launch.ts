import { type DescriptorAccess, type Exit, RunvError } from "@runv/protocol";
import { within } from "../linux/deadline.ts";
import { close, type Fd } from "../linux/sys.ts";
import { type Adoption, Child } from "./child.ts";
import type { ChildDescriptors } from "./child-stdio.ts";
import { closePreserved, makePreserved, type PreservedEnds } from "./preserved.ts";
import { GuestProcess, type ProcessOptions } from "./process.ts";
import { closeStreams, makePipes, type PipeEnds, type StandardStreams } from "./streams.ts";

/** Mounts, namespaces and cgroups of one container, on a loaded machine under emulation. */
const setUpDeadlineMs = 60_000;
const executeDeadlineMs = 60_000;

export interface Launch {
  /** What errors are about. */
  readonly name: string;
  readonly terminal: boolean;
  /** What it has behind the standard streams. */
  readonly preserved: readonly DescriptorAccess[];
  fork(): number;
  /** The life of the child. */
  body(descriptors: ChildDescriptors): never;
  /** Of the process that the forked one makes in its place; null: it makes none. */
  readonly adopt: Adoption | null;
  /** What becomes of it after its end. */
  readonly options: ProcessOptions;
}

/** Forks a process and waits until only its go-ahead is missing. */
export async function launch(plan: Launch): Promise<GuestProcess> {
  const { pipes, preserved } = makeEnds(plan);
  const made: { process?: GuestProcess; exit?: Exit } = {};
  const exited = (exit: Exit): void => {
    made.exit = exit;
    made.process?.exited(exit);
  };
  let child: Child | null = null;
  try {
    const forked = new Child(
      () => plan.fork(),
      (channel) => plan.body({ streams: pipes?.childs ?? null, preserved: preserved.childs, channel }),
      exited,
      plan.adopt,
    );
    child = forked;
    const { fds } = await within(setUpDeadlineMs, `set up ${plan.name}`, forked.report());
    const standard = pipes?.agents ?? terminalStreams(fds);
    const process = new GuestProcess(forked, { ...standard, preserved: preserved.agents }, plan.options);
    made.process = process;
    if (made.exit !== undefined) process.exited(made.exit);
    return process;
  } catch (thrown) {
    child?.abandon();
    if (pipes !== null) closeStreams(pipes.agents);
    closePreserved(preserved.agents);
    throw thrown;
  } finally {
    pipes?.childs.forEach(close);
    preserved.childs.forEach(close);
  }
}

function makeEnds({ terminal, preserved }: Launch): { pipes: PipeEnds | null; preserved: PreservedEnds } {
  const ends = makePreserved(preserved);
  try {
    return { pipes: terminal ? null : makePipes(), preserved: ends };
  } catch (thrown) {
    closePreserved(ends.agents);
    ends.childs.forEach(close);
    throw thrown;
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

function terminalStreams(fds: readonly Fd[]): StandardStreams {
  const [reading, control] = fds;
  if (reading === undefined || control === undefined) {
    fds.forEach(close);
    throw new RunvError("internal", "the terminal of the process did not arrive");
  }
  return { kind: "terminal", reading, control };
}
