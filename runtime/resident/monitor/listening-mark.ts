import { remainingMs } from "../linux/wait.ts";
import * as sys from "../sys.ts";
import type { GuestDialer } from "./guest-dialer.ts";

/** A guest that does not announce itself is tried this seldom: a try while a loaded host still boots it is what the mark is there to avoid. */
const unannouncedDialIntervalMs = 60_000;

/**
 * Waits for the text on the console by which a guest tells that it listens. Until then the carrier is left alone: vhost-device-vsock 0.3
 * stops for good when the host connects between the arrival of the guest's memory and that of its queues, which under load met one boot in
 * ten when the guest was tried all the time.
 */
export class ListeningMark {
  readonly #mark: string;
  /** The end of what was read, shorter than the mark: the rest of a mark may follow. */
  #kept = "";
  #seen: boolean;
  readonly #waiting = new Set<() => void>();
  #nextDialMs = sys.monotonicMs() + unannouncedDialIntervalMs;

  /** @param mark printable ASCII; empty: the guest may be tried at once. */
  constructor(mark: string) {
    this.#mark = mark;
    this.#seen = mark === "";
  }

  /** Takes what comes from the console. */
  read(bytes: Uint8Array): void {
    if (this.#seen) return;
    const text = this.#kept + sys.utf8Decode(bytes);
    this.#seen = text.includes(this.#mark);
    this.#kept = text.slice(-(this.#mark.length - 1));
    if (this.#seen) this.endWaits();
  }

  /** `dialer`, which waits as long as the guest should be left alone, and says "does not listen yet" when that is longer than its deadline. */
  guard(dialer: GuestDialer): GuestDialer {
    return {
      ...dialer,
      dial: async (port, deadlineMs) => {
        if (!this.#seen) await this.#wait(Math.min(deadlineMs, this.#nextDialMs));
        return this.#mayDial() ? dialer.dial(port, deadlineMs) : null;
      },
    };
  }

  /** Whoever waits for the mark goes on without it. */
  endWaits(): void {
    for (const goOn of this.#waiting) goOn();
  }

  async #wait(deadlineMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        sys.clearTimer(timer);
        this.#waiting.delete(goOn);
        resolve();
      };
      const timer = sys.setTimer(remainingMs(deadlineMs), goOn);
      this.#waiting.add(goOn);
    });
  }

  #mayDial(): boolean {
    if (this.#seen) return true;
    if (sys.monotonicMs() < this.#nextDialMs) return false;
    this.#nextDialMs = sys.monotonicMs() + unannouncedDialIntervalMs;
    return true;
  }
}
