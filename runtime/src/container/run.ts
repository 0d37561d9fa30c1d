import { lostGuestExitStatus } from "../../resident/contract/proxy.ts";
import { sandboxEnd } from "../sandbox/attached.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import type { Context } from "./context.ts";
import { type CreatedContainer, type CreateOptions, createContainer } from "./create.ts";
import { deleteContainer } from "./delete.ts";
import { startCreated } from "./start.ts";

export interface RunOptions extends Omit<CreateOptions, "foreground"> {
  /** Returns once the process runs; the container stays. */
  readonly detach: boolean;
  /** Leaves the container behind when its process has ended. */
  readonly keep: boolean;
  /** Told of the process before it is waited for: who forwards signals needs its pid. */
  readonly onStarted: (pid: number) => void;
}

/** A VM whose guest is lost is ended by its monitor at once. */
const vmEndTimeoutMs = 2000;

/** create, start, and unless detached wait and delete. @returns the process's exit status; 0 when detached. */
export async function runContainer(options: RunOptions, context: Context): Promise<number> {
  const container = await createContainer({ ...options, foreground: !options.detach }, context);
  try {
    await startCreated(options.id, container.agent, context);
    options.onStarted(container.proxy.identity.pid);
    context.log.settle();
    return options.detach ? 0 : await waitAndDelete(container, options, context);
  } catch (error) {
    await deleteContainer({ id: options.id, force: true }, context);
    throw error;
  } finally {
    container.agent.close();
  }
}

async function waitAndDelete(
  container: CreatedContainer,
  options: RunOptions,
  context: Context,
): Promise<number> {
  const status = await container.proxy.waitForExit();
  if (status === lostGuestExitStatus) await tellLostGuest(container.record, context);
  if (!options.keep) await deleteContainer({ id: options.id, force: true }, context);
  return status;
}

/** The same status as a process that was killed with SIGKILL: only what happened to the VM tells the two apart. */
async function tellLostGuest(record: ContainerRecord, context: Context): Promise<void> {
  const reason = await sandboxEnd(record, vmEndTimeoutMs);
  if (reason !== null && reason !== "") context.log.warning(`the virtual machine has ended: ${reason}`);
}
