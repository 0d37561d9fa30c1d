import type { ServiceImplementation, StorageDefinition } from "@runv/protocol";
import { checkId } from "../container/validate.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Rendezvous } from "../storage/rendezvous.ts";
import { unpack } from "../storage/unpack.ts";

export function storageService(sandbox: Sandbox, bulk: Rendezvous): ServiceImplementation<StorageDefinition> {
  return {
    async unpack(request, { signal }) {
      sandbox.requireReady();
      checkId(request.containerId, "container id");
      const connection = await bulk.take(request.containerId, signal);
      return unpack(request, connection, signal);
    },
  };
}
