import type { HostLimit } from "./host-limits.ts";

/** A property of a unit, as busctl(1) takes a variant: its type, and its value word by word, arrays after their length. */
export interface UnitProperty {
  readonly name: string;
  readonly signature: string;
  readonly words: readonly string[];
}

type Mapping = (value: string) => readonly UnitProperty[];

const infinity = "18446744073709551615";
const microsecondsPerSecond = 1_000_000;
/** systemd counts processor time in whole percents. */
const percentMicros = 10_000;
/** A processor or memory node that is named beyond is left to the kernel to refuse. */
const maxNumber = 8191;

/** What systemd calls what these files of a cgroup hold, in either version and in each. */
const common: Readonly<Record<string, Mapping>> = { "cpu.max": cpuQuota, "pids.max": number("TasksMax") };
const unified: Readonly<Record<string, Mapping>> = {
  ...common,
  "memory.max": number("MemoryMax"),
  "memory.low": number("MemoryLow"),
  "memory.swap.max": number("MemorySwapMax"),
  "cpu.weight": number("CPUWeight"),
  "cpuset.cpus": set("AllowedCPUs"),
  "cpuset.mems": set("AllowedMemoryNodes"),
  "io.weight": number("IOWeight"),
};
const legacy: Readonly<Record<string, Mapping>> = {
  ...common,
  "memory.limit_in_bytes": number("MemoryLimit"),
  "cpu.shares": number("CPUShares"),
  "blkio.weight": number("BlockIOWeight"),
};
/** The first systemd that has them, where a systemd may lack them. */
const firstVersions: Readonly<Record<string, number>> = {
  CPUQuotaPeriodUSec: 242,
  AllowedCPUs: 244,
  AllowedMemoryNodes: 244,
};

/** Limits as systemd knows them, for it writes what it knows whenever it likes. The others are left alone by it. */
export function limitProperties(
  limits: readonly HostLimit[],
  host: { readonly isUnified: boolean; readonly systemdVersion: number },
): readonly UnitProperty[] {
  const mappings = host.isUnified ? unified : legacy;
  const found = limits.flatMap(({ files }) =>
    files.flatMap(([name, value]) => mappings[name]?.(String(value)) ?? []),
  );
  const each = new Map(found.map((property) => [property.name, property]));
  return [...each.values()].filter(({ name }) => host.systemdVersion >= (firstVersions[name] ?? 0));
}

export function text(name: string, value: string): UnitProperty {
  return { name, signature: "s", words: [value] };
}

export function flag(name: string, value: boolean): UnitProperty {
  return { name, signature: "b", words: [String(value)] };
}

function number(name: string): Mapping {
  return (value) => [{ name, signature: "t", words: [value === "max" ? infinity : value] }];
}

/** cpu.max: "QUOTA PERIOD" in microseconds, or "max PERIOD". */
function cpuQuota(value: string): readonly UnitProperty[] {
  const [quota = "", period = ""] = value.split(" ");
  const perSecond = Math.ceil((Number(quota) * microsecondsPerSecond) / Number(period) / percentMicros);
  const words = [quota === "max" ? infinity : String(perSecond * percentMicros)];
  return [
    { name: "CPUQuotaPerSecUSec", signature: "t", words },
    { name: "CPUQuotaPeriodUSec", signature: "t", words: [period] },
  ];
}

/** A list of numbers as in cpuset(7) becomes a mask, its lowest byte first. */
function set(name: string): Mapping {
  return (list) => {
    const ranges = list.split(",").map((range) => range.split("-").map(Number));
    const bytes: (number | undefined)[] = [];
    for (const [first = Number.NaN, last = first] of ranges) {
      if (!(first >= 0 && last <= maxNumber)) return [];
      for (let bit = first; bit <= last; bit += 1)
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
    const mask = Array.from(bytes, (byte) => String(byte ?? 0));
    return [{ name, signature: "ay", words: [String(mask.length), ...mask] }];
  };
}
