import type { RunvError } from "@runv/protocol/errors";
import type { OciState } from "../oci/state-json.ts";
import { listRecords } from "../state/store.ts";
import { ociState } from "./state.ts";

export interface ContainerList {
  readonly states: readonly OciState[];
  /** Containers whose record cannot be read. */
  readonly damaged: readonly { readonly id: string; readonly damage: RunvError }[];
}

/** Every container below `root`, by id. */
export function listContainers(root: string): ContainerList {
  const listed = listRecords(root);
  return {
    states: listed.flatMap((entry) => ("record" in entry ? [ociState(entry.record)] : [])),
    damaged: listed.flatMap((entry) => ("record" in entry ? [] : [entry])),
  };
}
