import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process of this machine, as /proc tells. */
export interface HostProcess {
  readonly pid: number;
  readonly parent: number;
  /** The name in /proc/<pid>/stat: at most 15 characters. */
  readonly name: string;
  /** Empty when it cannot be read. */
  readonly executable: string;
  /** The lines of /proc/<pid>/cgroup. */
  readonly cgroups: string;
}

/** All of them but zombies and those that ended while this was read. */
export function hostProcesses(): HostProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => hostProcess(Number(name)) ?? []);
}

export function hostProcess(pid: number): HostProcess | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const end = stat.lastIndexOf(")");
    const [state, parent] = stat.slice(end + 2).split(" ");
    if (state === "Z" || state === "X") return null;
    return {
      pid,
      parent: Number(parent),
      name: stat.slice(stat.indexOf("(") + 1, end),
      executable: executableOf(pid),
      cgroups: readFileSync(`/proc/${pid}/cgroup`, "latin1"),
    };
  } catch {
    return null;
  }
}

function executableOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return "";
  }
}

/** Its arguments, each with a zero byte behind it; empty when they cannot be read. */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

/** What each descriptor of a process leads to, say "pipe:[123]". */
export function descriptorsOf(pid: number): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      found.set(Number(name), readlinkSync(`/proc/${pid}/fd/${name}`));
    } catch {
      // Closed since.
    }
  }
  return found;
}

/** A line of /proc/<pid>/status, without its name. */
export function statusOf(pid: number, field: string): string {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const line = status.split("\n").find((candidate) => candidate.startsWith(`${field}:`));
  if (line === undefined) throw new Error(`/proc/${pid}/status: no ${field}`);
  return line.slice(field.length + 1).trim();
}

/** Anonymous and dirty memory that is a process's alone, in KiB. */
export function privateKib(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  return ["Private_Clean", "Private_Dirty"].reduce(
    (sum, field) => sum + Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1] ?? Number.NaN),
    0,
  );
}
