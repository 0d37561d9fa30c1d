import type { RunvError } from "../errors.ts";

/** Tells the handler of a call that nobody waits for its answer any more. */
export interface CancelSignal {
  readonly aborted: boolean;
  /** "cancelled" by the client or the connection, "timeout" by the deadline; undefined until then. */
  readonly reason: RunvError | undefined;
  /** Calls `listener` once, soon after the abort, even if that was before. @returns takes the listener back */
  onAbort(listener: (reason: RunvError) => void): () => void;
  throwIfAborted(): void;
}

/** The side of a CancelSignal that aborts. */
export class Canceller implements CancelSignal {
  #reason: RunvError | undefined;
  readonly #listeners = new Set<(reason: RunvError) => void>();

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): RunvError | undefined {
    return this.#reason;
  }

  onAbort(listener: (reason: RunvError) => void): () => void {
    if (this.#reason === undefined) this.#listeners.add(listener);
    else tell(listener, this.#reason);
    return () => void this.#listeners.delete(listener);
  }

  throwIfAborted(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  /** The first reason stays. */
  abort(reason: RunvError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) tell(listener, reason);
  }
}

/** On a turn of its own: a listener cannot throw into whoever aborts, nor keep the others from being told. */
function tell(listener: (reason: RunvError) => void, reason: RunvError): void {
  void Promise.resolve(reason).then(listener);
}
