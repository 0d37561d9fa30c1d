import { close, type Fd } from "../linux/sys.ts";

/** Where connections of the host arrive, whatever carries them. */
export interface Port {
  /** Takes connections for good; each belongs to `onConnection`, unless it throws: a non-blocking stream socket. */
  serve(onConnection: (connection: Fd) => void): void;
}

/** The ports of the agent (protocol/src/ports.ts). */
export interface Ports {
  readonly control: Port;
  readonly io: Port;
  readonly bulk: Port;
}

export function handOver(connection: Fd, onConnection: (connection: Fd) => void): void {
  try {
    onConnection(connection);
  } catch (thrown) {
    close(connection);
    throw thrown;
  }
}
