import { RunvError, type ServiceImplementation, type StorageDefinition } from "@runv/protocol";
import { checkId } from "../container/validate.ts";
import { isDirectory } from "../linux/paths.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Rendezvous } from "../storage/rendezvous.ts";
import { containerDirectory } from "../storage/scratch.ts";
import { unpack } from "../storage/unpack.ts";

export function storageService(sandbox: Sandbox, bulk: Rendezvous): ServiceImplementation<StorageDefinition> {
  return {
    async unpack(request, { signal }) {
      sandbox.requireReady();
      checkId(request.containerId, "container id");
      if (sandbox.containers.has(request.containerId) || isDirectory(containerDirectory(request.containerId)))
        throw new RunvError("already-exists", `container ${request.containerId} has its rootfs already`);
      const connection = await bulk.take(request.containerId, signal);
      return unpack(request, connection, signal);
    },
  };
}
