import { readFileSync } from "node:fs";
import { statusOf } from "./host-processes.ts";

/** Number of capabilities(7): with it a process goes beyond its hard limits. */
const sysResource = 24n;
const mostWanted = 1_000_000;

/** RLIMIT_NOFILE, the hard one. */
export function descriptorLimitOf(pid: number): number {
  return Number(/^Max open files +\d+ +(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1]);
}

/** How many descriptors what serves a share may have when runv is started here. */
export function sharingDescriptorLimit(): number {
  const mayRaise = (BigInt(`0x${statusOf(process.pid, "CapEff")}`) >> sysResource) & 1n;
  const most =
    mayRaise === 1n ? Number(readFileSync("/proc/sys/fs/nr_open", "utf8")) : descriptorLimitOf(process.pid);
  return Math.min(mostWanted, most);
}
