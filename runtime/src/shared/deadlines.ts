import { RunvError } from "@runv/protocol/errors";

/**
 * Runs `work` with a signal that aborts after `timeoutMs`, or when `parent` does.
 * @throws RunvError timeout "`what`: not done within N s" when the time is up, whatever `work` makes of the signal.
 */
export async function withDeadline<T>(
  timeoutMs: number,
  what: string,
  parent: AbortSignal | null,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timer = new AbortController();
  const timeout = setTimeout(() => {
    timer.abort(new RunvError("timeout", `${what}: not done within ${timeoutMs / 1000} s`));
  }, timeoutMs);
  const signal = parent === null ? timer.signal : AbortSignal.any([parent, timer.signal]);
  try {
    return await Promise.race([work(signal), rejectedBy(signal)]);
  } finally {
    clearTimeout(timeout);
    timer.abort();
  }
}

export interface Watch {
  readonly everyMs: number;
  readonly parent: AbortSignal;
  /** Why `work` is to be given up; null: it is not. */
  readonly probe: () => RunvError | null;
}

/** Runs `work` with a signal that aborts as soon as `probe` says why, or when `parent` does. @throws RunvError what `probe` said */
export async function withAbortWhen<T>(
  { everyMs, parent, probe }: Watch,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const given = new AbortController();
  const timer = setInterval(() => {
    const reason = probe();
    if (reason !== null) given.abort(reason);
  }, everyMs);
  try {
    return await work(AbortSignal.any([parent, given.signal]));
  } catch (error) {
    throw given.signal.aborted ? abortReason(given.signal) : error;
  } finally {
    clearInterval(timer);
  }
}

/** @throws the signal's reason, or RunvError cancelled when that is not one of ours. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortReason(signal);
}

/** Waits `milliseconds`; an abort ends the wait with the signal's reason. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  throwIfAborted(signal);
  await new Promise<void>((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(abortReason(signal));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", abort, { once: true });
  });
}

/** Calls `probe` every `everyMs` until it returns something other than null. */
export async function pollUntil<T>(
  everyMs: number,
  signal: AbortSignal,
  probe: () => T | null | Promise<T | null>,
): Promise<T> {
  for (;;) {
    throwIfAborted(signal);
    const found = await probe();
    if (found !== null) return found;
    await sleep(everyMs, signal);
  }
}

/** The RunvError that a signal aborts with. */
export function abortReason(signal: AbortSignal): RunvError {
  const reason: unknown = signal.reason;
  return reason instanceof RunvError ? reason : new RunvError("cancelled", "cancelled", { cause: reason });
}

async function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = () => reject(abortReason(signal));
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}
