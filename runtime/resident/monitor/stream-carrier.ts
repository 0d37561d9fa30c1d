import { RunvError } from "@runv/protocol";
import type { Carrier } from "../contract/monitor.ts";
import { remainingMs } from "../linux/wait.ts";
import * as sys from "../sys.ts";
import type { GuestDialer } from "./guest-dialer.ts";

const sessionBytes = 4;

/** A carrier that is one byte stream: the multiplexer carries the ports over it. */
export function openStreamCarrier(carrier: Extract<Carrier, { kind: "stream" }>): GuestDialer {
  const [ours, theirs] = sys.socketpair();
  // As the VMM would find any socket that it opens itself.
  sys.setNonblock(theirs, false);
  const { reliable, windowBytes, frameBytes } = carrier;
  const state = { broken: "" };
  const link = sys.mux(
    ours,
    { dialer: true, session: randomSession(), reliable, windowBytes, frameBytes },
    (reason) => {
      state.broken = reason;
    },
  );
  return {
    cid: 0,
    vmmFd: theirs,
    dial: async (port, deadlineMs) => {
      if (state.broken !== "")
        throw new RunvError("unavailable", `guest port ${port}: the carrier is lost: ${state.broken}`);
      return connect(link, port, deadlineMs);
    },
    handOver: () => sys.close(theirs),
  };
}

/** Nobody in the guest but the agent is to guess it: it keeps the bytes of a stream from passing for frames. */
function randomSession(): number {
  return sys.getRandom(sessionBytes).reduce((number, byte) => number * 256 + byte, 0);
}

/** @returns null when the guest refuses. @throws RunvError "timeout" */
async function connect(link: sys.Mux, port: number, deadlineMs: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const timer = sys.setTimer(remainingMs(deadlineMs), () => {
      link.cancel(stream);
      reject(new RunvError("timeout", `guest port ${port}: no answer`));
    });
    const stream = link.connect(port, (connection) => {
      sys.clearTimer(timer);
      resolve(connection);
    });
  });
}
