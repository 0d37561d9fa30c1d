import { stream } from "@runv/protocol";
import { close, type Fd, type ProcessIo, pipe } from "../linux/sys.ts";
import type { ChildStreams } from "./child-stdio.ts";
import { connectPreserved, type PreservedEnd } from "./preserved.ts";

/** The agent's ends of stdin, stdout and stderr: three pipes, or the master of the terminal twice. */
export type StandardStreams =
  | { readonly kind: "pipes"; readonly stdin: Fd; readonly stdout: Fd; readonly stderr: Fd }
  | { readonly kind: "terminal"; readonly reading: Fd; readonly control: Fd };

/** The agent's ends of all of a process's streams. */
export type AgentStreams = StandardStreams & { readonly preserved: readonly PreservedEnd[] };

export interface PipeEnds {
  readonly agents: StandardStreams & { readonly kind: "pipes" };
  readonly childs: ChildStreams;
}

export function makePipes(): PipeEnds {
  const made: [Fd, Fd][] = [];
  const makeOne = (): [Fd, Fd] => {
    const ends = pipe();
    made.push(ends);
    return ends;
  };
  try {
    const [stdin, stdout, stderr] = [makeOne(), makeOne(), makeOne()];
    return {
      agents: { kind: "pipes", stdin: stdin[1], stdout: stdout[0], stderr: stderr[0] },
      childs: [stdin[0], stdout[1], stderr[1]],
    };
  } catch (thrown) {
    made.flat().forEach(close);
    throw thrown;
  }
}

/** Hands the ends to the connection, which owns them from here on, but for `control`. */
export function connectStreams(streams: AgentStreams, io: ProcessIo): void {
  connectPreserved(streams.preserved, io);
  if (streams.kind === "pipes") {
    io.sendFrom(stream.stdout, streams.stdout, false);
    io.sendFrom(stream.stderr, streams.stderr, false);
    io.receiveTo(stream.stdin, streams.stdin, { shared: false, keepOpen: false });
    return;
  }
  io.sendFrom(stream.stdout, streams.reading, false);
  io.receiveTo(stream.stdin, streams.control, { shared: false, keepOpen: true });
}

/** Closes ends that no connection has taken. */
export function closeStreams(streams: StandardStreams): void {
  const fds =
    streams.kind === "pipes"
      ? [streams.stdin, streams.stdout, streams.stderr]
      : [streams.reading, streams.control];
  fds.forEach(close);
}
