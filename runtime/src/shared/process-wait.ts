import { setTimeout as wait } from "node:timers/promises";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import { systemErrorCode } from "./system-error.ts";

/** How often a process that is no child of ours is looked at. */
const pollIntervalMs = 2;

/**
 * Waits for the end of a process that need not be our child. @returns false when it still lives after `timeoutMs`.
 * @throws why `signal` aborted, when it does before
 */
export async function waitForEnd(
  target: ProcessIdentity,
  timeoutMs: number,
  signal: AbortSignal | null = null,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(target)) {
    signal?.throwIfAborted();
    if (performance.now() >= deadline) return false;
    await wait(pollIntervalMs);
  }
  return true;
}

/** Signals a process if it is still the one meant, and waits for its end. @returns false when it still lives after `timeoutMs`. */
export async function endProcess(
  target: ProcessIdentity,
  signal: number,
  timeoutMs: number,
): Promise<boolean> {
  return !signalProcess(target, signal) || (await waitForEnd(target, timeoutMs));
}

/** @returns false when the process has ended. */
function signalProcess(target: ProcessIdentity, signal: number): boolean {
  if (!isAlive(target)) return false;
  try {
    process.kill(target.pid, signal);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "ESRCH") return false;
    throw error;
  }
}
