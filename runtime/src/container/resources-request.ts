import type { Resources } from "@runv/protocol";
import type { ResourcesSpec } from "../oci/resources.ts";

/** The part of `linux.resources` that the guest keeps; what names devices, processors and memory nodes means the host's. */
export function resourcesRequest(resources: ResourcesSpec): Resources {
  const { memory, cpu, pids, blockIo, network } = resources;
  return {
    memory: {
      limitBytes: exact(memory.limitBytes),
      reservationBytes: exact(memory.reservationBytes),
      swapBytes: exact(memory.swapBytes),
      checkBeforeUpdate: memory.checkBeforeUpdate,
      kernelBytes: exact(memory.kernelBytes),
      kernelTcpBytes: exact(memory.kernelTcpBytes),
      swappiness: memory.swappiness ?? undefined,
      disableOomKiller: memory.disableOomKiller ?? undefined,
    },
    cpu: {
      shares: exact(cpu.shares),
      quotaUs: exact(cpu.quotaMicros),
      periodUs: exact(cpu.periodMicros),
      burstUs: exact(cpu.burstMicros),
      idle: cpu.idle ?? undefined,
      realtimeRuntimeUs: exact(cpu.realtimeRuntimeMicros),
      realtimePeriodUs: exact(cpu.realtimePeriodMicros),
    },
    pidsLimit: exact(pids.limit),
    blockIoWeight: blockIo.weight ?? undefined,
    blockIoLeafWeight: blockIo.leafWeight ?? undefined,
    networkClassId: network.classId ?? undefined,
    networkPriorities: network.priorities.map(({ name, priority }) => ({ interfaceName: name, priority })),
    hugepageLimits: resources.hugepageLimits.map(({ pageSize, limitBytes }) => ({
      pageSize,
      limitBytes: Math.min(limitBytes, Number.MAX_SAFE_INTEGER),
    })),
    rdmaLimits: resources.rdma.map(({ device, hcaHandles, hcaObjects }) => ({
      device,
      hcaHandles: hcaHandles ?? undefined,
      hcaObjects: hcaObjects ?? undefined,
    })),
    unified: [...resources.unified],
  };
}

/** What no number says exactly is as good as no limit to the kernel, too. */
function exact(value: number | null): number | undefined {
  return value === null ? undefined : Math.min(value, Number.MAX_SAFE_INTEGER);
}
