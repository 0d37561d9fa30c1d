import { firstPreserved } from "@runv/protocol";
import { close, closeFrom, dup2, type Fd, setControllingTerminal, setsid } from "../linux/sys.ts";
import type { Terminal } from "./terminal.ts";

/** The ends of the three streams that the process gets. */
export type ChildStreams = readonly [stdin: Fd, stdout: Fd, stderr: Fd];

/** What a child makes its descriptors of. */
export interface ChildDescriptors {
  /** Null with a terminal. */
  readonly streams: ChildStreams | null;
  /** Those that follow: preserved.ts. */
  readonly preserved: readonly Fd[];
  /** To be kept; numbered as `preserved` are. */
  readonly channel: Fd;
}

/** Makes pipes or the terminal the descriptors 0 to 2, and lets the preserved ones follow. The pipes are numbered above 2: the agent's own 0 to 2 are always open. */
export function wireDescriptors(
  { streams, preserved, channel }: ChildDescriptors,
  terminal: Terminal | null,
): void {
  const standard = streams ?? (terminal === null ? [] : [terminal.slave, terminal.slave, terminal.slave]);
  standard.forEach((fd, index) => dup2(fd, index));
  closeFrom(firstPreserved, [channel, ...preserved]);
  preserved.forEach((fd, index) => {
    dup2(fd, firstPreserved + index);
    close(fd);
  });
}

/** A session of its own; a terminal, when there is one, is wired already and becomes its controlling terminal. */
export function leadSession(terminal: Terminal | null): void {
  setsid();
  if (terminal !== null) setControllingTerminal(0);
}
