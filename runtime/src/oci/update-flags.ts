import { RunvError } from "@runv/protocol/errors";

/** What the flags of `update` say, as they were given; undefined: not given. */
export interface UpdateFlags {
  readonly blkioWeight?: string | undefined;
  readonly cpuBurst?: string | undefined;
  readonly cpuIdle?: string | undefined;
  readonly cpuPeriod?: string | undefined;
  readonly cpuQuota?: string | undefined;
  readonly cpuRtPeriod?: string | undefined;
  readonly cpuRtRuntime?: string | undefined;
  readonly cpuShare?: string | undefined;
  readonly cpusetCpus?: string | undefined;
  readonly cpusetMems?: string | undefined;
  readonly memory?: string | undefined;
  readonly memoryReservation?: string | undefined;
  readonly memorySwap?: string | undefined;
  readonly pidsLimit?: string | undefined;
}

/** The document that says the same as flags (runtime-spec: `linux.resources`). @throws RunvError invalid-argument naming the flag, as runc does */
export function resourcesOfFlags(flags: UpdateFlags): unknown {
  return {
    memory: {
      limit: bytes(flags.memory, "memory"),
      reservation: bytes(flags.memoryReservation, "memory-reservation"),
      swap: bytes(flags.memorySwap, "memory-swap"),
    },
    cpu: {
      burst: number(flags.cpuBurst, "cpu-burst"),
      cpus: flags.cpusetCpus,
      idle: number(flags.cpuIdle, "cpu-idle"),
      mems: flags.cpusetMems,
      period: number(flags.cpuPeriod, "cpu-period"),
      quota: number(flags.cpuQuota, "cpu-quota"),
      realtimePeriod: number(flags.cpuRtPeriod, "cpu-rt-period"),
      realtimeRuntime: number(flags.cpuRtRuntime, "cpu-rt-runtime"),
      shares: number(flags.cpuShare, "cpu-share"),
    },
    blockIO: { weight: number(flags.blkioWeight, "blkio-weight") },
    pids: { limit: number(flags.pidsLimit, "pids-limit") },
  };
}

function number(text: string | undefined, flag: string): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^-?\d{1,20}$/.test(text)) return Number(text);
  throw invalid(flag, text, "must be a whole number");
}

const unitPowers: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** "-1", or a number with a unit of 1024: "512", "64m", "1.5GiB". */
function bytes(text: string | undefined, flag: string): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (text === "-1") return -1;
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])?i?b?)$/i.exec(text) ?? [];
  const power = unitPowers[unit.toLowerCase()];
  if (amount === undefined || power === undefined)
    throw invalid(flag, text, 'must be a number of bytes, with a unit or without ("64m", "1.5GiB"), or -1');
  return Math.trunc(Number(amount) * 1024 ** power);
}

function invalid(flag: string, text: string, why: string): RunvError {
  return new RunvError("invalid-argument", `invalid value for ${flag}: ${why}: ${JSON.stringify(text)}`);
}
