import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { isRunvError, RunvError } from "@runv/protocol/errors";
import { pollUntil, withDeadline } from "../shared/deadlines.ts";
import { hostFailure, systemErrorCode } from "../shared/system-error.ts";

const cgroupMount = "/sys/fs/cgroup";
/** How long all directories of a container together are waited for to become empty: on a host that has much else to do, processes die slowly. */
const leavingTimeoutMs = 10_000;
const leavingPollMs = 2;

/**
 * The directories of one cgroup on this host: one for each mounted v1 hierarchy, or the one of the unified tree. cgroupfs only.
 * @param path `linux.cgroupsPath`: absolute ones are below the cgroup mounts, relative ones below runv's own cgroup
 * (runtime-spec config-linux.md); here the latter are below "/runv".
 */
export function hostCgroupDirectories(path: string): string[] {
  const relative = normalize(`/${path.startsWith("/") ? path : `runv/${path}`}`);
  if (relative === "/")
    throw new RunvError(
      "invalid-argument",
      "config.json: linux.cgroupsPath: must name a cgroup below the root",
    );
  if (hasUnifiedCgroups()) return [join(cgroupMount, relative)];
  return hierarchies().map((hierarchy) => join(hierarchy, relative));
}

/** Whether this host's cgroups are in the one tree of version 2. */
export function hasUnifiedCgroups(): boolean {
  return existsSync(join(cgroupMount, "cgroup.controllers"));
}

/** The mount points of cgroup v1 hierarchies, each once. */
function hierarchies(): string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const found = new Set<string>();
  for (const line of mounts) {
    const [own, type] = line.split(" - ");
    if (own === undefined || type === undefined || !/^cgroup2? /.test(type)) continue;
    const mountPoint = own.split(" ")[4];
    if (mountPoint !== undefined && isWritable(own) && isReachable(mountPoint)) found.add(mountPoint);
  }
  return [...found];
}

function isWritable(mountinfo: string): boolean {
  return mountinfo.split(" ")[5]?.split(",").includes("rw") === true;
}

/** A mount that another one covers is listed too. */
function isReachable(mountPoint: string): boolean {
  return existsSync(join(mountPoint, "cgroup.procs"));
}

/** Makes the directories. @returns those that were not there before: what a rollback removes. */
export function makeHostCgroup(directories: readonly string[]): string[] {
  const made: string[] = [];
  try {
    for (const directory of directories) makeOne(directory, made);
    return made;
  } catch (cause) {
    for (const directory of made) rmdirSync(directory);
    throw hostFailure("cgroup: cannot be made", cause);
  }
}

function makeOne(directory: string, made: string[]): void {
  const first = mkdirSync(directory, { recursive: true });
  const isUnified = existsSync(join(directory, "cgroup.controllers"));
  if (isUnified) enableControllers(directory);
  if (first === undefined) return;
  made.push(directory);
  if (!isUnified) copyCpuset(first, directory);
}

/**
 * With cgroup v2 a cgroup has the controllers that all above it hand down. Not every one can: a cgroup with processes of its own hands down
 * none but those that count threads (cgroups(7)). What is missing then shows where a limit needs it.
 */
function enableControllers(directory: string): void {
  const levels: string[] = [];
  for (let level = dirname(directory); existsSync(join(level, "cgroup.controllers")); level = dirname(level))
    levels.unshift(level);
  for (const level of levels) {
    const available = readFileSync(join(level, "cgroup.controllers"), "utf8").trim().split(/\s+/);
    const handed = readFileSync(join(level, "cgroup.subtree_control"), "utf8").trim().split(/\s+/);
    for (const name of available) if (name !== "" && !handed.includes(name)) handDown(level, name);
  }
}

function handDown(directory: string, controller: string): void {
  try {
    writeFileSync(join(directory, "cgroup.subtree_control"), `+${controller}`);
  } catch {
    // The limits that need it say so.
  }
}

/** A cpuset of v1 takes no process before its cpus and mems are set; new ones have none. With v2 an empty one means its parent's. */
function copyCpuset(outermost: string, innermost: string): void {
  const levels: string[] = [];
  for (let level = innermost; level.length >= outermost.length; level = dirname(level)) levels.unshift(level);
  for (const level of levels) for (const file of ["cpuset.cpus", "cpuset.mems"]) inherit(level, file);
}

function inherit(directory: string, file: string): void {
  const own = join(directory, file);
  if (!existsSync(own) || readFileSync(own, "utf8").trim() !== "") return;
  writeFileSync(own, readFileSync(join(dirname(directory), file), "utf8"));
}

/** @param pid of a process of this host */
export function moveIntoCgroup(directories: readonly string[], pid: number): void {
  try {
    for (const directory of directories) writeFileSync(join(directory, "cgroup.procs"), String(pid));
  } catch (cause) {
    throw hostFailure(`cgroup: process ${pid} cannot be moved`, cause);
  }
}

export interface Removal {
  /** How long processes may take to leave. */
  readonly timeoutMs?: number | undefined;
  /** Asked before each try: another's is left alone. */
  readonly isOurs?: ((directory: string) => boolean) | undefined;
}

/** Removes what becomes empty in time. @returns directories that processes are still in: they stay */
export async function removeHostCgroup(
  directories: readonly string[],
  { timeoutMs = leavingTimeoutMs, isOurs = () => true }: Removal = {},
): Promise<readonly string[]> {
  let left = directories;
  // The last threads of a process that was killed leave a moment after it. One that is full does not keep the others.
  const removeAll = () => {
    left = left.filter((directory) => isOurs(directory) && !removeOne(directory));
    return left.length === 0 ? true : null;
  };
  try {
    await withDeadline(timeoutMs, "cgroup: waiting for the last process", null, async (signal) =>
      pollUntil(leavingPollMs, signal, removeAll),
    );
  } catch (error) {
    if (!isRunvError(error, "timeout")) throw error;
  }
  return left;
}

/** @returns whether it is gone; false when processes are in it. */
function removeOne(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === "EBUSY") return false;
    if (code === "ENOENT" || code === "ENOTEMPTY") return true;
    throw hostFailure(`cgroup: cannot be removed: ${directory}`, cause);
  }
}
