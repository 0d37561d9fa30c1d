import {
  protocolVersion,
  RunvError,
  type SandboxDefinition,
  type ServiceImplementation,
} from "@runv/protocol";
import { totalMemoryBytes } from "../linux/memory.ts";
import { setTime, uname } from "../linux/sys.ts";
import type { Sandbox } from "../sandbox.ts";
import { agentVersion } from "../version.ts";

/** Microseconds from the kernel's start. */
export interface BootTimes {
  readonly mainUs: number;
  readonly listeningUs: number;
}

/** @param shutDown ends the VM after the answer has gone out */
export function sandboxService(
  sandbox: Sandbox,
  boot: BootTimes,
  shutDown: () => void,
): ServiceImplementation<SandboxDefinition> {
  return {
    async configure(request) {
      if (request.hostTime !== undefined) setTime(request.hostTime.seconds, request.hostTime.nanos);
      await sandbox.configure(request);
      return {
        protocolVersion,
        agentVersion,
        kernelRelease: uname().release,
        kernelStartUs: boot.mainUs,
        agentReadyUs: boot.listeningUs,
        memoryBytes: totalMemoryBytes(),
      };
    },
    async setClock({ time }) {
      if (time === undefined) throw new RunvError("invalid-argument", "time is missing");
      setTime(time.seconds, time.nanos);
      return Promise.resolve({});
    },
    async shutdown() {
      sandbox.leavePowerToHost();
      await Promise.all(sandbox.containers.all().map(async (container) => container.destroy()));
      shutDown();
      return {};
    },
  };
}
