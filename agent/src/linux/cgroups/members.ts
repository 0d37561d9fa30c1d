import { errnoOf, tolerate } from "../errno.ts";
import { kill, readdir, readFile } from "../sys.ts";
import { cgroupPaths } from "./proc-cgroups.ts";

/** One line for each hierarchy, and a path of at most PATH_MAX in each. */
const maxCgroupBytes = 131_072;
const maxStatBytes = 4096;

/** Pids, in the guest's root namespace, of all processes in there and below. To be called in a child: a look at a process may hang. */
export function processesIn(path: string): number[] {
  return membersOf(path).filter((pid) => !isZombie(pid));
}

/**
 * With zombies. By what /proc says of each process: a container can give its cgroups names that are no text, and nest them until no path
 * leads there. The agent itself reads no file of /proc/<pid> but this one and links: the others have to do with the process's memory.
 */
export function membersOf(path: string): number[] {
  return readdir("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isIn(path, pid));
}

/** Sends a signal to each process in there and below, one after the other. @returns their pids */
export function signalMembers(path: string, signal: number): number[] {
  const members = membersOf(path);
  for (const pid of members) tolerate(["ESRCH"], () => kill(pid, signal));
  return members;
}

/** In any hierarchy: whoever is on the way in or out counts. */
function isIn(path: string, pid: number): boolean {
  try {
    return cgroupPaths(readFile(`/proc/${pid}/cgroup`, maxCgroupBytes)).some(
      (present) => present === path || present.startsWith(`${path}/`),
    );
  } catch (thrown) {
    // A path longer than PATH_MAX: some container has made it, to hide in.
    if (errnoOf(thrown) === "ENAMETOOLONG") return true;
    if (isGone(thrown)) return false;
    throw thrown;
  }
}

/** As cgroup.procs: a process that has ended is in no cgroup, one whose first thread has ended is. proc(5): fields 3 and 20 of stat. */
function isZombie(pid: number): boolean {
  const stat = ifThere(() => readFile(`/proc/${pid}/stat`, maxStatBytes), "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return stat === "" || (fields[0] === "Z" && Number(fields[17]) <= 1);
}

function ifThere<Result>(find: () => Result, absent: Result): Result {
  try {
    return find();
  } catch (thrown) {
    if (isGone(thrown)) return absent;
    throw thrown;
  }
}

function isGone(thrown: unknown): boolean {
  return ["ENOENT", "ESRCH"].includes(errnoOf(thrown) ?? "");
}
