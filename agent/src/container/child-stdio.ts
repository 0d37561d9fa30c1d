import { closeFrom, dup2, type Fd, setControllingTerminal, setsid } from "../linux/sys.ts";
import type { Terminal } from "./terminal.ts";

/** The ends of the three streams that the process gets. */
export type ChildStreams = readonly [stdin: Fd, stdout: Fd, stderr: Fd];

const firstOther = 3;

/** Makes pipes the descriptors 0 to 2. They and `keep` are numbered above 2: the agent's own 0 to 2 are always open. */
export function wirePipes(streams: ChildStreams, keep: Fd): void {
  streams.forEach((fd, index) => dup2(fd, index));
  closeFrom(firstOther, [keep]);
}

/** Makes a terminal the descriptors 0 to 2. */
export function wireTerminal(terminal: Terminal, keep: Fd): void {
  for (const fd of [0, 1, 2]) dup2(terminal.slave, fd);
  closeFrom(firstOther, [keep]);
}

/** A session of its own; a terminal, when there is one, is wired already and becomes its controlling terminal. */
export function leadSession(terminal: Terminal | null): void {
  setsid();
  if (terminal !== null) setControllingTerminal(0);
}
