import type { ContainerStatus, OciState } from "../oci/state-json.ts";
import { isAlive } from "../shared/process-identity.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { loadContainer } from "../state/store.ts";
import type { Context } from "./context.ts";
import { settledRecord } from "./settled-record.ts";

/** What `state` prints. @throws RunvError not-found. */
export async function containerState(id: string, context: Context): Promise<OciState> {
  return ociState(await settledRecord(loadContainer(context.root, id), context));
}

/** A container's state at this moment: the record says what happened, the proxy whether it still runs. */
export function ociState(record: ContainerRecord): OciState {
  const status = containerStatus(record);
  return {
    ociVersion: record.ociVersion,
    id: record.id,
    pid: status === "stopped" ? 0 : (record.init?.pid ?? 0),
    status,
    bundle: record.bundle,
    rootfs: record.rootfs,
    created: record.created,
    annotations: record.annotations,
    owner: record.owner,
  };
}

/** Whether a `start` that lives has the container in its hands: its hooks may run. */
export function isBeingStarted({ starter }: ContainerRecord): boolean {
  return starter !== null && isAlive(starter);
}

/** A `create` that died on its way leaves a container that has stopped: `delete` removes it. */
export function containerStatus(record: ContainerRecord): ContainerStatus {
  if (record.creator !== null) return isAlive(record.creator) ? "creating" : "stopped";
  if (record.init === null || !isAlive(record.init)) return "stopped";
  if (record.paused) return "paused";
  return record.started ? "running" : "created";
}
