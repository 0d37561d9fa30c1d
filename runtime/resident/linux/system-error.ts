import { errorMessage, RunvError } from "@runv/protocol";

/** @returns the errno name of what a function of sys.ts threw ("ENOENT"), else "". */
export function errnoName(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return "";
  return typeof thrown.code === "string" ? thrown.code : "";
}

const exhausted: readonly string[] = ["ENOMEM", "EMFILE", "ENFILE", "ENOSPC", "EDQUOT", "EAGAIN", "ENOBUFS"];

/** What is to be reported about a failed system call: which step failed, and why. */
export function stepFailure(step: string, thrown: unknown): RunvError {
  if (thrown instanceof RunvError) return thrown;
  const text = errorMessage(thrown);
  const code = exhausted.includes(errnoName(thrown)) ? "resource-exhausted" : "internal";
  return new RunvError(code, `${step}: ${text}`, { cause: thrown });
}

/** Runs one step; what it throws names the step. */
export function step<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    throw stepFailure(name, thrown);
  }
}

/** For releases: what cannot be released (any more) must not keep the rest from being released. */
export function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // Nothing to be done about it: the caller is already on its way out.
  }
}
