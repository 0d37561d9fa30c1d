import { errorMessage, RunvError } from "@runv/protocol/errors";

/** @returns the "ENOENT" of an error that Node made of a failed system call, null for anything else. */
export function systemErrorCode(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !("code" in thrown)) return null;
  return typeof thrown.code === "string" ? thrown.code : null;
}

const exhausted: readonly string[] = ["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "ENOMEM"];
const refused: readonly string[] = ["EACCES", "EPERM", "EROFS"];

/** What to tell of a system call that this host has refused. @param what failed, with the name of the thing */
export function hostFailure(what: string, cause: unknown): RunvError {
  if (cause instanceof RunvError) return cause;
  const system = systemErrorCode(cause) ?? "";
  const code = exhausted.includes(system)
    ? "resource-exhausted"
    : refused.includes(system)
      ? "permission"
      : "internal";
  return new RunvError(code, `${what}: ${errorMessage(cause)}`, { cause });
}
