/** What the process `runv` exits with; a verb that ran a process exits with that process's status instead. */
export const exitCodes = {
  success: 0,
  /** Any failure: callers read the reason from the log (containerd: pkg/process/utils.go, getLastRuntimeError). */
  failure: 1,
  /** `exec` could not start its process (runc: exec.go). */
  execFailure: 255,
} as const;

/** Exit status of a process that a signal has killed, as shells and runc report it. */
export function signalExitStatus(signal: number): number {
  return 128 + signal;
}
