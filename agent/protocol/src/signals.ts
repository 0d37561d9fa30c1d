/** CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG and WINCH, as x86 and arm number them. */
const stopsOrTells: ReadonlySet<number> = new Set([17, 18, 19, 20, 21, 22, 23, 28]);

/**
 * Whether a signal ends a process that does nothing about it (signal(7), "Disp"). Such a one, sent to a process that has ended, says that
 * nobody waits for what it left unread; any other says nothing of the kind: a shell sends SIGCONT to a whole pipeline, its readers too.
 */
export function endsByDefault(signal: number): boolean {
  return !stopsOrTells.has(signal);
}
