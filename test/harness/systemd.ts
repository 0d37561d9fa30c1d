import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { eventually } from "./leftovers.ts";

/** Whether this host's cgroups are of version 2 alone. */
export const isUnified = existsSync("/sys/fs/cgroup/cgroup.controllers");

/** systemctl(1), whose output goes to whoever asks. */
export function systemctl(...args: readonly string[]): string {
  return execFileSync("systemctl", ["--no-pager", ...args], { encoding: "utf8" });
}

/** What systemd tells of a unit; a unit that is not there has LoadState "not-found". */
export function unitProperties(unit: string, names: readonly string[]): Readonly<Record<string, string>> {
  const lines = systemctl("show", `--property=${names.join(",")}`, unit)
    .trim()
    .split("\n");
  return Object.fromEntries(
    lines.map((line) => {
      const [name = "", ...value] = line.split("=");
      return [name, value.join("=")];
    }),
  );
}

/** Units that are loaded, in whatever state, whose name holds `text`. */
export function unitsWith(text: string): string[] {
  return systemctl("list-units", "--all", "--plain", "--no-legend", "--full", `*${text}*`)
    .split("\n")
    .flatMap((line) => line.split(/\s+/)[0] ?? [])
    .filter((name) => name.includes(text));
}

/** The directories of this path in each hierarchy, those that there are. */
export function cgroupsAt(cgroup: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => path.join(line.split(" ")[4] ?? "", cgroup))
    .filter((directory) => existsSync(directory));
}

/** What a file of a cgroup says; @throws when no hierarchy has it there */
export function cgroupFile(cgroup: string, name: string): string {
  const file = cgroupsAt(cgroup)
    .map((directory) => path.join(directory, name))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) throw new Error(`${cgroup}: no ${name}`);
  return readFileSync(file, "utf8").trim();
}

/** The cgroup that systemd has a process in: a path. */
export function systemdCgroupOf(pid: number): string {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").split("\n");
  const prefix = isUnified ? "0::" : ":name=systemd:";
  const line = lines.find((candidate) => candidate.includes(prefix)) ?? "";
  return line.slice(line.indexOf(prefix) + prefix.length);
}

/** A scope that is nobody's container, with one process, until somebody stops it. */
export async function foreignScope(unit: string, slice: string): Promise<void> {
  const place = [`--unit=${unit}`, `--slice=${slice}`, "--scope", "--quiet"];
  spawn("systemd-run", [...place, "sleep", "1000000"], { stdio: "ignore", detached: true }).unref();
  await eventually(() => unitProperties(unit, ["ActiveState"])["ActiveState"], "active");
}
