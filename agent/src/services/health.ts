import { type HealthDefinition, protocolVersion, type ServiceImplementation } from "@runv/protocol";
import { errnoOf } from "../linux/errno.ts";
import { residentBytes } from "../linux/memory.ts";
import { readdir, readFile } from "../linux/sys.ts";
import { agentVersion } from "../version.ts";

const maxLoadavgBytes = 256;

export function healthService(): ServiceImplementation<HealthDefinition> {
  return {
    check: async () =>
      Promise.resolve({
        protocolVersion,
        agentVersion,
        residentBytes: orZero(residentBytes),
        openDescriptors: orZero(() => readdir("/proc/self/fd").length),
        threads: orZero(threadCount),
      }),
  };
}

/** A guest that is short of descriptors or memory answers all the same. */
function orZero(read: () => number): number {
  try {
    return read();
  } catch (thrown) {
    if (errnoOf(thrown) === null) throw thrown;
    return 0;
  }
}

/** The fourth field of /proc/loadavg is RUNNING/ALL (proc(5)). */
function threadCount(): number {
  return Number(/\/(\d+) /.exec(readFile("/proc/loadavg", maxLoadavgBytes))?.[1] ?? 0);
}
