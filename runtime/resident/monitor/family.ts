import { waitNoHang } from "../linux/constants.ts";
import { signal } from "../linux/signals.ts";
import { errnoName } from "../linux/system-error.ts";
import * as sys from "../sys.ts";
import type { Child } from "./child.ts";

/** The processes of this VM: every one is a child of the monitor, and none outlives it (they have a death signal). */
export class Family {
  readonly #children: Child[] = [];
  readonly #onEnd: (child: Child) => void;
  #onEmpty: (() => void) | null = null;

  constructor(onEnd: (child: Child) => void) {
    this.#onEnd = onEnd;
  }

  add(child: Child): void {
    this.#children.push(child);
  }

  /** To be called on SIGCHLD. */
  reap(): void {
    for (let ended = waitAny(); ended !== null; ended = waitAny()) {
      const { pid, ...end } = ended;
      const child = this.#children.find((candidate) => candidate.pid === pid);
      if (child === undefined) continue;
      child.collect(end);
      this.#onEnd(child);
    }
    if (this.#living() === 0) this.#onEmpty?.();
  }

  killAll(): void {
    for (const child of this.#children) child.kill(signal.kill);
  }

  /** Waits until all have ended; at most `timeoutMs` (a process in uninterruptible sleep cannot be waited for). */
  async allEnded(timeoutMs: number): Promise<void> {
    if (this.#living() === 0) return;
    await new Promise<void>((resolve) => {
      const timer = sys.setTimer(timeoutMs, resolve);
      this.#onEmpty = () => {
        sys.clearTimer(timer);
        resolve();
      };
    });
  }

  #living(): number {
    return this.#children.filter((child) => child.end === null).length;
  }
}

function waitAny(): ReturnType<typeof sys.waitpid> {
  try {
    return sys.waitpid(-1, waitNoHang);
  } catch (thrown) {
    if (errnoName(thrown) === "ECHILD") return null;
    throw thrown;
  }
}
