import { type Clock, GrpcServer } from "@runv/protocol";
import { clearTimer, http2Server, monotonicMs, setTimer } from "../linux/sys.ts";
import type { Port } from "./port.ts";
import { SocketStream } from "./socket-stream.ts";

/** One host talks to us, over a connection or two; the bounds are for one that lost its mind. */
const limits = { maxStreams: 128, maxHeaderListBytes: 65_536, windowBytes: 1 << 20 };
const maxConnections = 64;

const clock: Clock = { nowMs: monotonicMs, setTimer, clearTimer };

export function makeControlServer(): GrpcServer {
  return new GrpcServer({ clock, createSession: (handlers) => http2Server(handlers, limits) });
}

export function serveControl(port: Port, server: GrpcServer): void {
  let connections = 0;
  port.serve((connection) => {
    const stream = new SocketStream(connection);
    if (connections >= maxConnections) {
      stream.close();
      return;
    }
    connections++;
    // What `serve` can throw is about this one connection, which is closed by then.
    const over = (): void => {
      connections--;
    };
    void server.serve(stream).then(over, over);
  });
}
