import type { Exit } from "@runv/protocol";
import { errnoOf } from "./errno.ts";
import { SIGCHLD, WNOHANG } from "./signals.ts";
import { waitpid, watchSignals } from "./sys.ts";

const watchers = new Map<number, (exit: Exit) => void>();

/** Collects every child that ends; orphans, which nobody waits for, go the same way. */
export function startReaping(): void {
  watchSignals([SIGCHLD], reapAll);
}

/** Calls `callback` once when this child has ended. To be called in the same turn as the clone(2) that made it. */
export function onExit(pid: number, callback: (exit: Exit) => void): void {
  watchers.set(pid, callback);
}

function reapAll(): void {
  for (let ended = reapOne(); ended !== null; ended = reapOne()) {
    const callback = watchers.get(ended.pid);
    watchers.delete(ended.pid);
    callback?.({ exitCode: ended.exitCode, signal: ended.signal });
  }
}

function reapOne(): ReturnType<typeof waitpid> {
  try {
    return waitpid(-1, WNOHANG);
  } catch (thrown) {
    if (errnoOf(thrown) === "ECHILD") return null;
    throw thrown;
  }
}
