import { identifyProcess, isAlive } from "./process-identity.ts";

let serial = 0;

/** "<pid>-<start ticks>-<serial>": names this process, and never the same twice. */
export function newTicket(): string {
  serial += 1;
  return `${process.pid}-${identifyProcess(process.pid)?.startTicks ?? 0}-${serial}`;
}

/** Whether the process that a ticket names still runs; null when `text` is no ticket. */
export function isTicketAlive(text: string): boolean | null {
  const match = /^(\d+)-(\d+)-\d+$/.exec(text);
  return match === null ? null : isAlive({ pid: Number(match[1]), startTicks: Number(match[2]) });
}
