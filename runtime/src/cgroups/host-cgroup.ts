import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { RunvError } from "@runv/protocol/errors";
import { systemErrorCode } from "../shared/system-error.ts";

const cgroupMount = "/sys/fs/cgroup";

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
  if (existsSync(join(cgroupMount, "cgroup.controllers"))) return [join(cgroupMount, relative)];
  return hierarchies().map((hierarchy) => join(hierarchy, relative));
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
  for (const directory of directories) {
    const first = mkdirSync(directory, { recursive: true });
    if (first === undefined) continue;
    copyCpuset(first, directory);
    made.push(directory);
  }
  return made;
}

/** A cpuset of v1 takes no process before its cpus and mems are set; new ones have none. */
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

/** Removes what is empty; a directory that others still use stays. */
export function removeHostCgroup(directories: readonly string[]): void {
  for (const directory of directories) {
    try {
      rmdirSync(directory);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code !== "ENOENT" && code !== "EBUSY" && code !== "ENOTEMPTY") throw error;
    }
  }
}
