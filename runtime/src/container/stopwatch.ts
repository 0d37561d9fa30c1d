import type { ConfigureResponse } from "@runv/protocol";
import type { Logger } from "../shared/log.ts";

/** Says in the debug log where the time of a start goes: lines with `phase` and `elapsedMs`. */
export class Stopwatch {
  readonly #log: Logger;
  #last = performance.now();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `phase` has ended now. */
  lap(phase: string): void {
    this.#report(phase, this.#restart());
  }

  /** The agent has answered: the time since the last lap is the kernel's by the guest's own clock, and the rest. */
  lapBoot(guest: ConfigureResponse): void {
    const elapsedMs = this.#restart();
    const kernelMs = Math.min(guest.kernelStartUs / 1000, elapsedMs);
    this.#report("kernel", kernelMs);
    this.#report("agent", elapsedMs - kernelMs);
  }

  #restart(): number {
    const now = performance.now();
    const elapsedMs = now - this.#last;
    this.#last = now;
    return elapsedMs;
  }

  #report(phase: string, elapsedMs: number): void {
    this.#log.debug("timing", { phase, elapsedMs: Math.round(elapsedMs * 10) / 10 });
  }
}
