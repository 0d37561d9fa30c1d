import { type ErrorCode, errorMessage, RunvError } from "@runv/protocol";

/** The errno name of what the C module threw ("ENOENT"); null for anything else. */
export function errnoOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || thrown instanceof RunvError) return null;
  const code: unknown = Reflect.get(thrown, "code");
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : null;
}

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: "resource-exhausted",
  EDQUOT: "resource-exhausted",
  ENOMEM: "resource-exhausted",
  EMFILE: "resource-exhausted",
  ENFILE: "resource-exhausted",
  EAGAIN: "resource-exhausted",
  EACCES: "permission",
  EPERM: "permission",
  ENOENT: "not-found",
  ENODEV: "unsupported",
  ENOSYS: "unsupported",
};

/**
 * Does one step of a longer work and names it when it fails.
 * @throws RunvError "what: which: why"; its code follows errno, `fallback` where that says nothing
 */
export function step<Result>(what: string, act: () => Result, fallback: ErrorCode = "agent"): Result {
  try {
    return act();
  } catch (thrown) {
    throw stepError(what, thrown, fallback);
  }
}

/** The error of a step that failed. */
export function stepError(what: string, thrown: unknown, fallback: ErrorCode = "agent"): RunvError {
  const errno = errnoOf(thrown);
  const code = errno === null ? codeOf(thrown, fallback) : (codes[errno] ?? fallback);
  return new RunvError(code, `${what}: ${errorMessage(thrown)}`, { cause: thrown });
}

function codeOf(thrown: unknown, fallback: ErrorCode): ErrorCode {
  return thrown instanceof RunvError ? thrown.code : fallback;
}

/** The words that callers know from Go's syscall package. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOTDIR: "not a directory",
  EISDIR: "is a directory",
  ELOOP: "too many levels of symbolic links",
  ENAMETOOLONG: "file name too long",
  ENOEXEC: "exec format error",
  E2BIG: "argument list too long",
};

/** Why a system call failed, in the words that callers match. */
export function reasonOf(thrown: unknown): string {
  return reasons[errnoOf(thrown) ?? ""] ?? errorMessage(thrown);
}

/** Does `act` and lets these errno names pass as nothing done. @returns whether it was done */
export function tolerate(errnos: readonly string[], act: () => void): boolean {
  try {
    act();
    return true;
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === null || !errnos.includes(errno)) throw thrown;
    return false;
  }
}
