/**
 * `linux.resources` of config.json (runtime-spec: config-linux.md, "Control groups"), device rules apart. null: nothing is asked for, as
 * for the fields that callers leave at 0 where the kernel has no use for one.
 */
export interface ResourcesSpec {
  readonly memory: MemoryResources;
  readonly cpu: CpuResources;
  readonly pids: { readonly limit: number | null };
  readonly blockIo: BlockIoResources;
  readonly hugepageLimits: readonly HugepageLimit[];
  readonly rdma: readonly RdmaLimit[];
  readonly network: NetworkResources;
  /** Files of a version 2 cgroup and what is written into them, after all else. */
  readonly unified: readonly UnifiedResource[];
}

/** An amount without a bound. */
export const unlimited = -1;

/** In bytes; `unlimited` where that is asked for. */
export interface MemoryResources {
  readonly limitBytes: number | null;
  readonly reservationBytes: number | null;
  /** Of memory and swap together. */
  readonly swapBytes: number | null;
  /** Of the kernel for the container, and of that its TCP buffers. */
  readonly kernelBytes: number | null;
  readonly kernelTcpBytes: number | null;
  /** From 0 to 100. */
  readonly swappiness: number | null;
  readonly disableOomKiller: boolean | null;
  /** An update must not go below what is in use. */
  readonly checkBeforeUpdate: boolean;
}

export interface CpuResources {
  /** From 2 to 262144. */
  readonly shares: number | null;
  /** Microseconds of processor time in each period; `unlimited`. */
  readonly quotaMicros: number | null;
  readonly periodMicros: number | null;
  readonly burstMicros: number | null;
  /** Of processes with a realtime policy. */
  readonly realtimeRuntimeMicros: number | null;
  readonly realtimePeriodMicros: number | null;
  /** Processors and memory nodes, as cpuset(7) lists them; empty: any. */
  readonly cpus: string;
  readonly mems: string;
  readonly idle: boolean | null;
}

/** Devices are the host's, by their numbers. */
export interface BlockIoResources {
  /** From 10 to 1000. */
  readonly weight: number | null;
  readonly leafWeight: number | null;
  readonly weightDevices: readonly WeightDevice[];
  readonly readBps: readonly ThrottledDevice[];
  readonly writeBps: readonly ThrottledDevice[];
  readonly readIops: readonly ThrottledDevice[];
  readonly writeIops: readonly ThrottledDevice[];
}

export interface WeightDevice {
  readonly major: number;
  readonly minor: number;
  readonly weight: number | null;
  readonly leafWeight: number | null;
}

/** `rate`: bytes or operations a second. */
export interface ThrottledDevice {
  readonly major: number;
  readonly minor: number;
  readonly rate: number;
}

export interface HugepageLimit {
  /** "2MB", "1GB". */
  readonly pageSize: string;
  readonly limitBytes: number;
}

export interface RdmaLimit {
  /** Name of the device. */
  readonly device: string;
  readonly hcaHandles: number | null;
  readonly hcaObjects: number | null;
}

export interface NetworkResources {
  /** Of tc(8). */
  readonly classId: number | null;
  readonly priorities: readonly InterfacePriority[];
}

/** Of what goes out there. */
export interface InterfacePriority {
  readonly name: string;
  readonly priority: number;
}

export interface UnifiedResource {
  /** Of a file, "memory.high". */
  readonly name: string;
  readonly value: string;
}
