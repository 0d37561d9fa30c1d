import type { JsonCursor } from "../shared/json-cursor.ts";
import { refuseUnsupported } from "./refusal.ts";
import {
  type BlockIoResources,
  type CpuResources,
  type MemoryResources,
  type ResourcesSpec,
  type ThrottledDevice,
  unlimited,
  type WeightDevice,
} from "./resources.ts";

/** What Go's int64 and uint64 hold; what is lost beyond 2^53 is less than a page. */
const maxInt64 = 2 ** 63;
const maxUint64 = 2 ** 64;
const maxUint32 = 2 ** 32 - 1;
const shares = { least: 2, most: 262_144 };
const weights = { least: 10, most: 1000 };
const maxSwappiness = 100;
/** What the kernel gives a cgroup's cpu.shares by itself. */
const kernelCpuShares = 1024;

/** Accepts `linux.resources`, of config.json or by itself (`update --resources`). Device rules are parsed elsewhere. */
export function parseResources(resources: JsonCursor): ResourcesSpec {
  refuseUnsupported(resources, "resources");
  return {
    memory: parseMemory(resources.member("memory")),
    cpu: parseCpu(resources.member("cpu")),
    pids: { limit: amount(resources.member("pids").member("limit")) },
    blockIo: parseBlockIo(resources.member("blockIO")),
  };
}

function parseMemory(memory: JsonCursor): MemoryResources {
  refuseUnsupported(memory, "memory");
  const limitBytes = amount(memory.member("limit"));
  const swapBytes = amount(memory.member("swap"));
  if (swapBytes !== null && swapBytes !== unlimited && limitBytes !== null && swapBytes < limitBytes)
    memory.member("swap").fail("must not be less than memory.limit: it is of memory and swap together");
  return {
    limitBytes,
    reservationBytes: amount(memory.member("reservation")),
    swapBytes,
    swappiness: memory.member("swappiness").optional((value) => value.integer(0, maxSwappiness), null),
    disableOomKiller: memory.member("disableOOMKiller").optional((value) => value.boolean(), false),
    checkBeforeUpdate: memory.member("checkBeforeUpdate").optional((value) => value.boolean(), false),
  };
}

function parseCpu(cpu: JsonCursor): CpuResources {
  refuseUnsupported(cpu, "cpu");
  refuseShares(cpu.member("shares"));
  const idle = cpu.member("idle").optional((value) => value.integer(0, 1), null);
  return {
    shares: asked(cpu.member("shares"), shares.least, shares.most),
    quotaMicros: parseQuota(cpu.member("quota")),
    periodMicros: asked(cpu.member("period"), 1, maxUint64),
    burstMicros: cpu.member("burst").optional((value) => value.integer(0, maxUint64), null),
    cpus: cpu.member("cpus").optional((value) => value.string(), ""),
    mems: cpu.member("mems").optional((value) => value.string(), ""),
    idle: idle === null ? null : idle === 1,
  };
}

/** containerd's ctr always writes the kernel's own share; 0 asks for none, as with runc. */
function refuseShares(cpuShares: JsonCursor): void {
  const value = asked(cpuShares, 0, Number.MAX_SAFE_INTEGER);
  if (value !== null && value !== kernelCpuShares) cpuShares.refuse(`not supported yet: ${value}`);
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
