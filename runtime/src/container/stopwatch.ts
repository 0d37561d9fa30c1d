import type { ConfigureResponse } from "@runv/protocol";
import type { Logger } from "../shared/log.ts";

/** Says in the debug log where the time of a start goes. */
export class Stopwatch {
  readonly #log: Logger;
  #last = performance.now();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `phase` has ended now. */
  lap(phase: string): void {
    const now = performance.now();
    this.#log.debug("timing", { phase, milliseconds: round(now - this.#last) });
    this.#last = now;
  }

  /** What the guest itself measured. */
  guest(guest: ConfigureResponse): void {
    this.#log.debug("guest", {
      kernelRelease: guest.kernelRelease,
      agentVersion: guest.agentVersion,
      kernelMilliseconds: round(guest.kernelStartUs / 1000),
      agentMilliseconds: round((guest.agentReadyUs - guest.kernelStartUs) / 1000),
    });
  }
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
