import { RunvError, type ServiceImplementation, type StorageDefinition } from "@runv/protocol";
import { checkId } from "../container/validate.ts";
import { isDirectory } from "../linux/paths.ts";
import type { Sandbox } from "../sandbox.ts";
import { bulkKey, type Rendezvous } from "../storage/rendezvous.ts";
import { unpack, unpackDirectory } from "../storage/unpack.ts";

export function storageService(sandbox: Sandbox, bulk: Rendezvous): ServiceImplementation<StorageDefinition> {
  return {
    async unpack(request, { signal }) {
      sandbox.requireReady();
      checkId(request.containerId, "container id");
      if (!/^[\w-]{0,32}$/.test(request.copy))
        throw new RunvError("invalid-argument", `invalid name of a copy: "${request.copy}"`);
      if (sandbox.containers.has(request.containerId) || isDirectory(unpackDirectory(request)))
        throw new RunvError(
          "already-exists",
          `container ${request.containerId} has its ${request.copy === "" ? "rootfs" : `copy ${request.copy}`} already`,
        );
      const connection = await bulk.take(bulkKey(request.containerId, request.copy), signal);
      return unpack(request, connection, signal);
    },
  };
}
