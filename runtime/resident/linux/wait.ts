import * as sys from "../sys.ts";

/** Waits for `events` on a descriptor. @returns false when `timeoutMs` passed first. */
export async function waitReady(fd: number, events: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (ready: boolean): void => {
      sys.clearTimer(timer);
      sys.unwatch(fd);
      resolve(ready);
    };
    const timer = sys.setTimer(Math.max(0, timeoutMs), () => finish(false));
    sys.watch(fd, events, () => finish(true));
  });
}

/** The interval between two tries of something that has a deadline of its own. */
export async function interval(intervalMs: number): Promise<void> {
  return new Promise((resolve) => {
    sys.setTimer(intervalMs, resolve);
  });
}

/** @returns how much is left until `deadlineMs` of the monotonic clock, at least 0. */
export function remainingMs(deadlineMs: number): number {
  return Math.max(0, deadlineMs - sys.monotonicMs());
}
