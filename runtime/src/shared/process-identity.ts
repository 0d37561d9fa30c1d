import { readFileSync } from "node:fs";

/** A process on the host that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat (proc(5)): clock ticks from the host's boot to the start. */
  readonly startTicks: number;
}

/** @returns the identity of a live process, null when there is none or only a zombie is left. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const stat = readStat(pid);
  return stat === null || !stat.alive ? null : { pid, startTicks: stat.startTicks };
}

/** @returns whether the very process of `identity` still runs; zombies do not. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startTicks === identity.startTicks;
}

function readStat(pid: number): { readonly alive: boolean; readonly startTicks: number } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null;
  }
  return parseProcStat(text);
}

/** The name in parentheses may hold anything, parentheses too: the fields are counted from the last one (field 2). */
export function parseProcStat(text: string): { readonly alive: boolean; readonly startTicks: number } | null {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const startTicks = Number(fields[19]);
  if (state === undefined || !Number.isSafeInteger(startTicks)) return null;
  return { alive: state !== "Z" && state !== "X" && state !== "x", startTicks };
}
