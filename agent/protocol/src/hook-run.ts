/** Of each output of a hook, for its error. */
export const maxHookOutputBytes = 1024;

/** How a hook ended. */
export interface HookRun {
  readonly exitCode: number;
  /** 0 unless one killed it. */
  readonly signal: number;
  readonly timedOut: boolean;
  /** The beginning of what it wrote. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Why a hook has failed, with what it said; null when it has not (runtime-spec: config.md, "POSIX-platform Hooks"). The words are runc's. */
export function hookFailure(run: HookRun, timeoutMs: number): string | null {
  const said = `stdout: ${run.stdout.trim()}, stderr: ${run.stderr.trim()}`;
  if (run.timedOut) return `hook ran past specified timeout of ${timeoutMs / 1000}s, ${said}`;
  if (run.signal !== 0) return `killed by signal ${run.signal}, ${said}`;
  return run.exitCode === 0 ? null : `exit status ${run.exitCode}, ${said}`;
}
