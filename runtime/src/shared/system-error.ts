/** @returns the "ENOENT" of an error that Node made of a failed system call, null for anything else. */
export function systemErrorCode(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !("code" in thrown)) return null;
  return typeof thrown.code === "string" ? thrown.code : null;
}
