import { type CancelSignal, RunvError } from "@runv/protocol";
import { clearTimer, close, type Fd, setTimer } from "../linux/sys.ts";

/** How long one side waits for the other, and how many wait at a time. */
const deadlineMs = 60_000;
const maxWaiting = 256;

/** What brings a tree and the call for it together. */
export function bulkKey(container: string, copy: string): string {
  return copy === "" ? container : `${container}/${copy}`;
}

/** Brings a call and the connection with its bytes together, whichever comes first. */
export class Rendezvous {
  readonly #connections = new Map<string, { readonly fd: Fd; readonly timer: number }>();
  readonly #calls = new Map<string, (fd: Fd) => void>();

  /** A connection has come. It is closed when nobody calls for it. */
  offer(key: string, fd: Fd): void {
    const call = this.#calls.get(key);
    if (call !== undefined) {
      this.#calls.delete(key);
      call(fd);
    } else if (this.#connections.has(key) || this.#connections.size >= maxWaiting) close(fd);
    else this.#connections.set(key, { fd, timer: setTimer(deadlineMs, () => this.#expire(key)) });
  }

  /** The connection of that key, now or when it comes. The caller owns it. */
  async take(key: string, signal: CancelSignal): Promise<Fd> {
    const waiting = this.#connections.get(key);
    if (waiting !== undefined) {
      this.#connections.delete(key);
      clearTimer(waiting.timer);
      return waiting.fd;
    }
    if (this.#calls.has(key) || this.#calls.size >= maxWaiting)
      throw new RunvError("already-exists", `${key}: another call waits for its bulk connection`);
    return this.#wait(key, signal);
  }

  async #wait(key: string, signal: CancelSignal): Promise<Fd> {
    return new Promise((resolve, reject) => {
      const give = (error: RunvError): void => {
        forget();
        clearTimer(timer);
        this.#calls.delete(key);
        reject(error);
      };
      const forget = signal.onAbort(give);
      const late = new RunvError("timeout", `${key}: no bulk connection within ${deadlineMs} ms`);
      const timer = setTimer(deadlineMs, () => give(late));
      this.#calls.set(key, (fd) => {
        forget();
        clearTimer(timer);
        resolve(fd);
      });
    });
  }

  #expire(key: string): void {
    const waiting = this.#connections.get(key);
    this.#connections.delete(key);
    if (waiting !== undefined) close(waiting.fd);
  }
}
