import { constants } from "node:os";
import { isRunvError, RunvError } from "@runv/protocol/errors";
import { killLostSandbox, killSandbox } from "../sandbox/attached.ts";
import { cgroupsOf, directoriesOf, leaveHostPlace } from "../sandbox/host-place.ts";
import { rollbackHooksTimeoutMs, terminationTimeoutMs } from "../shared/limits.ts";
import type { ProcessIdentity } from "../shared/process-identity.ts";
import { endProcess, waitForEnd } from "../shared/process-wait.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { changeContainer, forgetContainer, isStillOf, loadSame } from "../state/store.ts";
import { vmDirectory } from "../state/vm-directory.ts";
import type { Context } from "./context.ts";
import { runPoststop } from "./hooks.ts";
import { settledRecord } from "./settled-record.ts";
import { containerStatus, isBeingStarted } from "./state.ts";

export interface DeleteOptions {
  readonly id: string;
  /** Kills first what runs; an unknown container is fine then. */
  readonly force: boolean;
}

/**
 * Removes a container and everything that belongs to it. One that was created and never started is killed, as runc does.
 * @throws RunvError not-found, invalid-state when it runs.
 */
export async function deleteContainer(options: DeleteOptions, context: Context): Promise<void> {
  try {
    const removed: ContainerRecord[] = [];
    await changeContainer(context.root, options.id, async (record) => {
      await removeEverything(record, options, context);
      removed.push(record);
      return null;
    });
    for (const record of removed) await runPoststop(record, context);
  } catch (error) {
    if (!options.force) throw error;
    if (isRunvError(error, "not-found")) return;
    if (!isRunvError(error, "internal")) throw error;
    context.log.warning(error.message);
    await removeDamaged(options.id, context);
  }
}

/** Without a record: the directory of the VM follows from the id, and there its monitor has written down what else is needed. */
async function removeDamaged(id: string, context: Context): Promise<void> {
  const directory = vmDirectory(context.root, id);
  const cgroups = new Set([...(await killLostSandbox(directory)), ...cgroupsOf("", id)]);
  // Proxies end by themselves when their guest is lost.
  // A scope of systemd's goes by itself then.
  const place = { id, vmDirectory: directory, cgroups: [...cgroups], systemdCgroup: false };
  await leaveHostPlace(place, {
    warn: (sentence) => context.log.warning(sentence),
    own: directoriesOf(place),
    leavingTimeoutMs: proxyEndTimeoutMs,
  });
  forgetContainer(context.root, id);
}

async function removeEverything(
  found: ContainerRecord,
  options: DeleteOptions,
  context: Context,
): Promise<void> {
  // With --force it does not matter, and a guest that does not answer is no hindrance.
  const status = containerStatus(options.force ? found : await settledRecord(found, context));
  if (!options.force && ["running", "paused", "creating"].includes(status)) {
    throw new RunvError(
      "invalid-state",
      `cannot delete container ${found.id} that is not stopped: ${status}`,
    );
  }
  if (!options.force && status === "created" && isBeingStarted(found))
    throw new RunvError("invalid-state", `cannot delete container ${found.id}: it is being started`);
  const record = await endCreator(found, context);
  const own = directoriesOf(record);
  await killSandbox(record);
  for (const proxy of [record.init, ...record.execs.map((exec) => exec.proxy)])
    if (proxy !== null) await end(proxy, "proxy");
  await leaveHostPlace(record, { warn: (sentence) => context.log.warning(sentence), own });
  if (isStillOf(record, context.root)) forgetContainer(context.root, record.id);
}

/**
 * A `create` that is asked to end says so to its caller, and undoes what it did; its poststop hooks come last, when it has given up the
 * record and with it the id. One that is killed leaves its VM to the monitor; what it knew of that is in its last record.
 * @throws RunvError not-found when it has undone everything.
 */
async function endCreator(record: ContainerRecord, context: Context): Promise<ContainerRecord> {
  const { creator } = record;
  if (creator === null) return record;
  if (!(await endProcess(creator, constants.signals.SIGTERM, creatorGraceMs))) {
    const isAtHooks = !isStillOf(record, context.root);
    if (!isAtHooks || !(await waitForEnd(creator, rollbackEndTimeoutMs, context.signal)))
      await end(creator, "create");
  }
  // The lock that this verb has went with the record.
  return loadSame(record, context.root);
}

/** Without its VM a proxy ends by itself; one that still waits for a reader of its output is ended. */
async function end(target: ProcessIdentity, what: string): Promise<void> {
  if (what === "proxy" && (await waitForEnd(target, proxyGraceMs))) return;
  if (await endProcess(target, constants.signals.SIGKILL, terminationTimeoutMs)) return;
  throw new RunvError("timeout", `cannot delete: ${what} ${target.pid} does not end`);
}

/** How long a `create` may take to undo what it did: it may wait for the lock that this verb has. */
const creatorGraceMs = 2000;
/** Until a `create` that runs its poststop hooks has ended: longer than it lets them run. */
const rollbackEndTimeoutMs = rollbackHooksTimeoutMs + terminationTimeoutMs;
/** How long a proxy whose VM is gone may take to pass on what it holds. */
const proxyGraceMs = 500;
/** Until a proxy whose guest is lost gives up a reader that does not read: longer than its own deadline for that. */
const proxyEndTimeoutMs = 5000;
