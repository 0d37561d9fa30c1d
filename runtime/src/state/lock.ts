import { readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";

import { RunvError } from "@runv/protocol/errors";
import { pollUntil, withDeadline } from "../shared/deadlines.ts";
import { stateLockRetryMs, stateLockTimeoutMs } from "../shared/limits.ts";
import { messages } from "../shared/messages.ts";
import { isTicketAlive, newTicket } from "../shared/process-ticket.ts";
import { systemErrorCode } from "../shared/system-error.ts";

/**
 * One verb at a time works on a container. Node has no flock(2), so the lock is a symbolic link: made exclusively and read
 * atomically, one system call each. Its target is the holder's ticket.
 *
 * A holder that was killed leaves its lock behind. Removing it is safe because of who may: whoever makes the link
 * "<lock>.<dead holder>" first, and that name can be made by one process only, for a holder that never comes back. A remover that
 * is killed in its turn is removed in the same way.
 */
export async function withContainerLock<T>(
  directory: string,
  id: string,
  work: () => Promise<T>,
): Promise<T> {
  const lock = join(directory, "lock");
  const ticket = newTicket();
  await withDeadline(
    stateLockTimeoutMs,
    `container ${id} is busy: waiting for its lock`,
    null,
    async (signal) => pollUntil(stateLockRetryMs, signal, () => (tryLock(lock, ticket) ? true : null)),
  );
  try {
    return await work();
  } finally {
    unlinkIfThere(lock, ticket);
  }
}

/** @returns whether `ticket` now holds `lock`. */
export function tryLock(lock: string, ticket: string): boolean {
  if (makeLink(lock, ticket)) return true;
  const holder = readLink(lock);
  if (holder === null || isTicketAlive(holder) === true) return false;
  breakLock(lock, holder, ticket);
  return makeLink(lock, ticket);
}

function breakLock(lock: string, deadHolder: string, ticket: string): void {
  const right = `${lock}.${deadHolder}`;
  if (!tryLock(right, ticket)) return;
  unlinkIfThere(lock, deadHolder);
  unlinkIfThere(right, ticket);
}

/** @returns false when the link is there already. @throws RunvError not-found when its directory is gone. */
function makeLink(path: string, target: string): boolean {
  try {
    symlinkSync(target, path);
    return true;
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === "EEXIST") return false;
    if (code === "ENOENT") throw new RunvError("not-found", messages.containerDoesNotExist, { cause });
    throw new RunvError("internal", `lock: cannot be taken: ${path}: ${code ?? String(cause)}`, { cause });
  }
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** Removes a link that only this process may remove while it has this target; a lock whose directory was deleted is gone already. */
function unlinkIfThere(path: string, target: string): void {
  if (readLink(path) === target) unlinkSync(path);
}
