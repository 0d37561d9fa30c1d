import { type CallContext, RunvError, type WatchOomResponse } from "@runv/protocol";
import type { Cgroup } from "../linux/cgroups/cgroup.ts";
import { errnoOf } from "../linux/errno.ts";

/** Each holds descriptors and is told of whatever happens. */
const maxWatches = 16;
let watches = 0;

/** Whether somebody still has to hear of what a container comes to. */
export function isWatched(): boolean {
  return watches > 0;
}

/** Tells at once how many processes have been killed for memory, and again whenever there are more; ends with the container's last process. */
export async function* watchOom(
  cgroup: Cgroup,
  signal: CallContext["signal"],
): AsyncGenerator<WatchOomResponse> {
  if (watches >= maxWatches)
    throw new RunvError("resource-exhausted", `watch container: ${maxWatches} watches are there already`);
  watches++;
  const changes = new Changes();
  const forget = signal.onAbort(() => changes.note());
  let watched: ReturnType<Cgroup["watch"]> | null = null;
  try {
    watched = cgroup.watch(() => changes.note());
    yield* tell(cgroup, signal, changes);
  } finally {
    watched?.close();
    forget();
    watches--;
  }
}

async function* tell(
  cgroup: Cgroup,
  signal: CallContext["signal"],
  changes: Changes,
): AsyncGenerator<WatchOomResponse> {
  let told = -1;
  for (;;) {
    // Asked first: whoever is killed last has been counted by the time that nobody is left.
    const goesOn = ifThere(() => cgroup.isPopulated(), false);
    const kills = ifThere(() => cgroup.oomKills(), told);
    if (kills > told) yield { kills };
    told = kills;
    if (!goesOn || signal.aborted) return;
    await changes.next();
  }
}

/** A container that is being deleted has no files any more. */
function ifThere<Result>(look: () => Result, absent: Result): Result {
  try {
    return look();
  } catch (thrown) {
    if (["ENOENT", "ENODEV"].includes(errnoOf(thrown) ?? "")) return absent;
    throw thrown;
  }
}

/** Remembers that something happened until somebody asks. */
class Changes {
  #pending = false;
  #waiting: (() => void) | null = null;

  note(): void {
    this.#pending = true;
    this.#waiting?.();
  }

  async next(): Promise<void> {
    if (!this.#pending) await new Promise<void>((resolve) => (this.#waiting = resolve));
    this.#pending = false;
    this.#waiting = null;
  }
}
