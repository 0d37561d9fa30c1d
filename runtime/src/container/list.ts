import type { RunvError } from "@runv/protocol/errors";
import type { OciState } from "../oci/state-json.ts";
import { listRecords } from "../state/store.ts";
import type { Context } from "./context.ts";
import { settledRecord } from "./settled-record.ts";
import { ociState } from "./state.ts";

export interface ContainerList {
  readonly states: readonly OciState[];
  /** Containers whose record cannot be read. */
  readonly damaged: readonly { readonly id: string; readonly damage: RunvError }[];
}

/** Every container below the state root, by id. */
export async function listContainers(context: Context): Promise<ContainerList> {
  const listed = listRecords(context.root);
  const records = listed.flatMap((entry) => ("record" in entry ? [entry.record] : []));
  return {
    states: (await Promise.all(records.map(async (record) => settledRecord(record, context)))).map(ociState),
    damaged: listed.flatMap((entry) => ("record" in entry ? [] : [entry])),
  };
}
