import { RunvError } from "@runv/protocol";
import { clearTimer, monotonicMs, setTimer } from "./sys.ts";

/**
 * The result of `work`, or a RunvError "timeout" that names `what`. `onTimeout` ends the work itself; it runs before the
 * rejection.
 */
export async function within<Result>(
  delayMs: number,
  what: string,
  work: Promise<Result>,
  onTimeout: () => void = () => undefined,
): Promise<Result> {
  let timer = 0;
  const expiry = new Promise<never>((_resolve, reject) => {
    timer = setTimer(delayMs, () => {
      onTimeout();
      reject(new RunvError("timeout", `${what}: not done within ${delayMs} ms`));
    });
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimer(timer);
  }
}

/** Tries `attempt` again and again until it is true. @throws RunvError "timeout" */
export async function until(attempt: () => boolean, what: string, wait: Wait): Promise<void> {
  const end = monotonicMs() + wait.deadlineMs;
  while (!attempt()) {
    if (monotonicMs() >= end)
      throw new RunvError("timeout", `${what}: not done within ${wait.deadlineMs} ms`);
    await new Promise<void>((resolve) => void setTimer(wait.intervalMs, resolve));
  }
}

export interface Wait {
  readonly intervalMs: number;
  readonly deadlineMs: number;
}
