import { type DeviceRule, RunvError } from "@runv/protocol";
import { deviceProgram } from "./device-program.ts";
import { errnoOf, step, stepError, tolerate } from "./errno.ts";
import { O_DIRECTORY, O_RDONLY } from "./open-flags.ts";
import { makeDirectories, parentOf, statIfThere } from "./paths.ts";
import {
  attachDeviceProgram,
  close,
  kill,
  mkdir,
  open,
  readdir,
  readFile,
  removeDirectories,
  writeFile,
} from "./sys.ts";

const cgroupRoot = "/sys/fs/cgroup";

const maxControllersBytes = 4096;
/** For the kernel, the agent and what it forks to look after containers. */
const reservedThreads = 128;
/** One line for each hierarchy, and a path of at most PATH_MAX. */
const maxCgroupBytes = 8192;
const maxStatBytes = 4096;
const maxEventsBytes = 4096;
/** How deep cgroups can be below the outer one, and how many there can be. */
const maxDepth = 65;
const maxDescendants = 4096;

/** What containers leave of the memory that is there before the first, and of what is added later. */
const reservedMemoryBytes = 8 << 20;
let availableBytes = 0;

/** To be told of memory that no container has: of all before there are containers, and then of what is added. */
export function noteAvailableMemory(bytes: number): void {
  availableBytes += bytes;
}

/**
 * A container has two cgroups: the outer one, which it cannot reach, carries its device rules and what the agent keeps for itself and stops
 * it (what is attached to the inner one, root with CAP_BPF in there could detach); the inner one is the root of its cgroup namespace, with
 * the limits that it was given.
 */
function innerCgroup(path: string): string {
  return `${path}/container`;
}

/**
 * Makes a container's cgroups and hands them, and all above them, every controller that there is.
 * @throws RunvError "already-exists" when they are there: they would be another container's
 */
export function createCgroup(path: string): void {
  const parts = path.split("/").filter((name) => name !== "");
  step(`make cgroup ${path}`, () => {
    makeDirectories(cgroupRoot + parentOf(path));
    if (!tolerate(["EEXIST"], () => mkdir(cgroupRoot + path, 0o755)))
      throw new RunvError("already-exists", "it is there already");
    try {
      mkdir(cgroupRoot + innerCgroup(path), 0o755);
      for (let depth = 0; depth <= parts.length; depth++)
        enableControllers([cgroupRoot, ...parts.slice(0, depth)].join("/"));
    } catch (thrown) {
      removeCgroup(path);
      throw thrown;
    }
  });
}

/**
 * Leaves the agent what it needs to look after the container, whatever processes in there do: threads to fork, memory (also what a
 * tmpfs holds, which no OOM kill gives back), and a tree of cgroups that can be walked.
 */
export function limitCgroup(path: string): void {
  const threads = Number(readFile("/proc/sys/kernel/threads-max", maxControllersBytes));
  const limits = [
    ["pids.max", Math.max(threads - reservedThreads, 1)],
    ["memory.max", Math.max(availableBytes - reservedMemoryBytes, reservedMemoryBytes)],
    ["cgroup.max.depth", maxDepth],
    ["cgroup.max.descendants", maxDescendants],
  ] as const;
  for (const [name, limit] of limits)
    step(`set ${name} of cgroup ${path}`, () => writeFile(`${cgroupRoot}${path}/${name}`, String(limit)));
}

/** Stops all processes in there and below, or lets them go on; they have stopped once `isFrozen`. */
export function setFrozen(path: string, frozen: boolean): void {
  step(`freeze cgroup ${path}`, () => writeFile(`${cgroupRoot}${path}/cgroup.freeze`, frozen ? "1" : "0"));
}

export function isFrozen(path: string): boolean {
  return /^frozen 1$/m.test(readFile(`${cgroupRoot}${path}/cgroup.events`, maxEventsBytes));
}

/** Whether processes are in there or below. */
export function isPopulated(path: string): boolean {
  return /^populated 1$/m.test(readFile(`${cgroupRoot}${path}/cgroup.events`, maxEventsBytes));
}

/** Where a container's own limits are. */
export function limitsDirectory(path: string): string {
  return cgroupRoot + innerCgroup(path);
}

/** How many processes of a container were killed because memory was used up. */
export function oomKillCount(path: string): number {
  const events = readFile(`${limitsDirectory(path)}/memory.events`, maxEventsBytes);
  return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
}

export function memoryUsageBytes(path: string): number {
  return Number(readFile(`${limitsDirectory(path)}/memory.current`, maxEventsBytes));
}

/** In one write; one by one when some cannot be delegated (a realtime cpu controller, a threaded parent): the container does without. */
function enableControllers(directory: string): void {
  const wanted = readFile(`${directory}/cgroup.controllers`, maxControllersBytes)
    .trim()
    .split(" ")
    .filter((name) => name !== "")
    .map((name) => `+${name}`);
  const enable = (controllers: string): boolean =>
    tolerate(["EOPNOTSUPP", "EBUSY", "EINVAL", "ENOENT"], () =>
      writeFile(`${directory}/cgroup.subtree_control`, controllers),
    );
  if (wanted.length > 0 && !enable(wanted.join(" "))) wanted.forEach(enable);
}

/** From now on the devices that processes in there can open and make are these, whatever they attach to cgroups of their own. */
export function restrictDevices(path: string, rules: readonly DeviceRule[]): void {
  const directory = open(cgroupRoot + path, O_RDONLY | O_DIRECTORY);
  try {
    step(`restrict devices of cgroup ${path}`, () => attachDeviceProgram(directory, deviceProgram(rules)));
  } finally {
    close(directory);
  }
}

/** Moves the caller into a container's cgroup. */
export function enterCgroup(path: string): void {
  step(`enter cgroup ${path}`, () => moveInto(innerCgroup(path)));
}

/**
 * Moves the caller into a container's cgroup; where its own processes are when it has handed controllers on (EBUSY: then none
 * may be beside the children), as runc does.
 */
export function enterCgroupOf(path: string, initPid: number): void {
  const own = innerCgroup(path);
  const entered = step(`enter cgroup ${path}`, () => tolerate(["EBUSY"], () => moveInto(own)));
  if (entered) return;
  const [, present = ""] =
    /^0::(.*)$/m.exec(readFile(`/proc/${initPid}/cgroup`, maxControllersBytes * 2)) ?? [];
  step(`enter cgroup ${path}`, () => moveInto(present.startsWith(`${own}/`) ? present : own));
}

/** Moves the caller into a cgroup that the container has made below its own. @throws RunvError "not-found" when there is none */
export function enterSubCgroup(path: string, below: string): void {
  try {
    moveInto(`${innerCgroup(path)}/${below}`);
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw stepError(`enter cgroup ${below}`, thrown);
    throw new RunvError("not-found", `exec: sub-cgroup ${below}: no such file or directory`);
  }
}

function moveInto(path: string): void {
  writeFile(`${cgroupRoot}${path}/cgroup.procs`, "0");
}

/** Pids, in the guest's root namespace, of all processes in there and below. To be called in a child: a look at a process may hang. */
export function processesIn(path: string): number[] {
  return membersOf(path).filter((pid) => !isZombie(pid));
}

/**
 * With zombies. By what /proc says of each process: a container can give its cgroups names that are no text, and nest them until no path
 * leads there. The agent itself reads no file of /proc/<pid> but this one and links: the others have to do with the process's memory.
 */
function membersOf(path: string): number[] {
  return readdir("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isIn(path, pid));
}

function isIn(path: string, pid: number): boolean {
  try {
    const [, cgroup = ""] = /^0::(.*)$/m.exec(readFile(`/proc/${pid}/cgroup`, maxCgroupBytes)) ?? [];
    return cgroup === path || cgroup.startsWith(`${path}/`);
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

/** Sends a signal to every process in there and below. SIGKILL also reaches what is frozen or forks all the time. */
export function signalCgroup(path: string, signal: number, sigkill: number): void {
  const killFile = `${cgroupRoot}${path}/cgroup.kill`;
  if (signal === sigkill && statIfThere(killFile) !== null) {
    writeFile(killFile, "1");
    return;
  }
  for (const pid of membersOf(path)) tolerate(["ESRCH"], () => kill(pid, signal));
}

/** Removes the directory and those below. @returns false when processes are still leaving it: try again */
export function removeCgroup(path: string): boolean {
  return tolerate(["EBUSY"], () => removeDirectories(cgroupRoot + path, maxDepth));
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
