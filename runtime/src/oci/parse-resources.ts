import type { JsonCursor } from "../shared/json-cursor.ts";
import {
  parseHugepageLimit,
  parseInterfacePriority,
  parseRdmaLimit,
  parseUnified,
} from "./parse-further-resources.ts";
import {
  type BlockIoResources,
  type CpuResources,
  type MemoryResources,
  type ResourcesSpec,
  type ThrottledDevice,
  unlimited,
  type WeightDevice,
} from "./resources.ts";
import type { Warn } from "./warn.ts";

/** What Go's int64 and uint64 hold; what is lost beyond 2^53 is less than a page. */
const maxInt64 = 2 ** 63;
const maxUint64 = 2 ** 64;
const maxUint32 = 2 ** 32 - 1;
const shares = { least: 2, most: 262_144 };
const maxSwappiness = 100;
const weights = { least: 10, most: 1000 };

/**
 * Accepts `linux.resources`, of config.json or by itself (`update --resources`). Device rules are parsed elsewhere.
 * @param warn is told of what has no effect
 */
export function parseResources(resources: JsonCursor, warn: Warn): ResourcesSpec {
  const network = resources.member("network");
  warnOfHierarchy(resources.member("memory").member("useHierarchy"), warn);
  return {
    memory: parseMemory(resources.member("memory")),
    cpu: parseCpu(resources.member("cpu")),
    pids: { limit: amount(resources.member("pids").member("limit")) },
    blockIo: parseBlockIo(resources.member("blockIO")),
    hugepageLimits: resources.member("hugepageLimits").array(parseHugepageLimit),
    network: {
      classId: asked(network.member("classID"), 0, maxUint32),
      priorities: network.member("priorities").array(parseInterfacePriority),
    },
    rdma: resources.member("rdma").members().map(parseRdmaLimit),
    unified: resources.member("unified").members().map(parseUnified),
  };
}

function parseMemory(memory: JsonCursor): MemoryResources {
  const limitBytes = amount(memory.member("limit"));
  const swapBytes = amount(memory.member("swap"));
  if (swapBytes !== null && swapBytes !== unlimited && limitBytes !== null && swapBytes < limitBytes)
    memory.member("swap").fail("memory+swap limit should be >= memory limit");
  return {
    limitBytes,
    reservationBytes: amount(memory.member("reservation")),
    swapBytes,
    kernelBytes: amount(memory.member("kernel")),
    kernelTcpBytes: amount(memory.member("kernelTCP")),
    swappiness: memory.member("swappiness").optional((value) => value.integer(0, maxSwappiness), null),
    disableOomKiller: memory.member("disableOOMKiller").optional((value) => value.boolean(), null),
    checkBeforeUpdate: memory.member("checkBeforeUpdate").optional((value) => value.boolean(), false),
  };
}

function parseCpu(cpu: JsonCursor): CpuResources {
  const idle = cpu.member("idle").optional((value) => value.integer(0, 1), null);
  return {
    shares: parseShares(cpu.member("shares")),
    quotaMicros: parseQuota(cpu.member("quota")),
    periodMicros: asked(cpu.member("period"), 1, maxUint64),
    burstMicros: cpu.member("burst").optional((value) => value.integer(0, maxUint64), null),
    realtimeRuntimeMicros: asked(cpu.member("realtimeRuntime"), -maxInt64, maxInt64),
    realtimePeriodMicros: asked(cpu.member("realtimePeriod"), 0, maxUint64),
    cpus: cpu.member("cpus").optional((value) => value.string(), ""),
    mems: cpu.member("mems").optional((value) => value.string(), ""),
    idle: idle === null ? null : idle === 1,
  };
}

function warnOfHierarchy(hierarchy: JsonCursor, warn: Warn): void {
  if (!hierarchy.optional((value) => value.boolean(), true))
    warn(`${hierarchy.path}: is ignored: a guest's cgroups always count those below them`);
}

/** What is beyond the bounds counts as them, to the kernel and to runc. */
function parseShares(cpuShares: JsonCursor): number | null {
  const value = asked(cpuShares, 0, maxUint64);
  return value === null ? null : Math.min(Math.max(value, shares.least), shares.most);
}

/** runc takes every negative quota for none. */
function parseQuota(quota: JsonCursor): number | null {
  const micros = asked(quota, -maxInt64, maxInt64);
  return micros !== null && micros < 0 ? unlimited : micros;
}

function parseBlockIo(blockIo: JsonCursor): BlockIoResources {
  const throttled = (name: string): readonly ThrottledDevice[] =>
    blockIo.member(name).array(parseThrottledDevice);
  return {
    weight: parseWeight(blockIo.member("weight")),
    leafWeight: parseWeight(blockIo.member("leafWeight")),
    weightDevices: blockIo.member("weightDevice").array(parseWeightDevice),
    readBps: throttled("throttleReadBpsDevice"),
    writeBps: throttled("throttleWriteBpsDevice"),
    readIops: throttled("throttleReadIOPSDevice"),
    writeIops: throttled("throttleWriteIOPSDevice"),
  };
}

function parseWeightDevice(device: JsonCursor): WeightDevice {
  return {
    ...parseNumbers(device),
    weight: parseWeight(device.member("weight")),
    leafWeight: parseWeight(device.member("leafWeight")),
  };
}

function parseThrottledDevice(device: JsonCursor): ThrottledDevice {
  return { ...parseNumbers(device), rate: device.member("rate").integer(0, maxUint64) };
}

function parseNumbers(device: JsonCursor): { major: number; minor: number } {
  const number = (name: string): number => device.member(name).integer(0, maxUint32);
  return { major: number("major"), minor: number("minor") };
}

function parseWeight(weight: JsonCursor): number | null {
  return asked(weight, weights.least, weights.most);
}

/** A number of bytes or processes, or `unlimited`. */
function amount(value: JsonCursor): number | null {
  return asked(value, unlimited, maxInt64);
}

/** 0 asks for nothing, as with runc. */
function asked(value: JsonCursor, least: number, most: number): number | null {
  if (!value.isPresent) return null;
  return value.integer(Math.min(least, 0), most) === 0 ? null : value.integer(least, most);
}
