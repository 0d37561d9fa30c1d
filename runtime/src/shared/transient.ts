import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isTicketAlive, newTicket } from "./process-ticket.ts";

/** Starts the names of what is being made or removed. No container id has this character. */
export const transientMark = "~";

/** Says who is at it, so that what a killed verb left can be told. An ending like ".raw" may follow. */
export function transientName(): string {
  return `${transientMark}${newTicket()}`;
}

/** Removes what verbs left that were killed in the middle of making or removing something. */
export function sweepTransients(directory: string): void {
  for (const name of readdirSync(directory)) {
    const [, ticket = ""] = /^~([^.]+)/.exec(name) ?? [];
    if (isTicketAlive(ticket) === false) rmSync(join(directory, name), { recursive: true, force: true });
  }
}
