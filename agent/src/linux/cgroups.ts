import { type DeviceRule, RunvError } from "@runv/protocol";
import { deviceProgram } from "./device-program.ts";
import { errnoOf, step, tolerate } from "./errno.ts";
import { availableMemoryBytes } from "./memory.ts";
import { O_DIRECTORY, O_RDONLY, S_IFDIR, S_IFMT } from "./open-flags.ts";
import { makeDirectories, parentOf, statIfThere } from "./paths.ts";
import {
  attachDeviceProgram,
  close,
  kill,
  lstat,
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
const maxProcsBytes = 4 << 20;
/** How deep a container can nest cgroups, and how many it can make. */
const maxDepth = 64;
const maxDescendants = 4096;
/** What containers leave of the memory that is there before the first. */
const reservedMemoryBytes = 8 << 20;
let availableAtBoot = 0;

/** To be called before there are containers. */
export function noteAvailableMemory(): void {
  availableAtBoot = availableMemoryBytes();
}

/**
 * Makes the directory and hands it, and all above it, every controller that there is.
 * @throws RunvError "already-exists" when it is there: it would be another container's
 */
export function createCgroup(path: string): void {
  const parts = path.split("/").filter((name) => name !== "");
  step(`make cgroup ${path}`, () => {
    makeDirectories(cgroupRoot + parentOf(path));
    if (!tolerate(["EEXIST"], () => mkdir(cgroupRoot + path, 0o755)))
      throw new RunvError("already-exists", "it is there already");
    parts.forEach((_part, index) => enableControllers([cgroupRoot, ...parts.slice(0, index)].join("/")));
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
    ["memory.max", Math.max(availableAtBoot - reservedMemoryBytes, reservedMemoryBytes)],
    ["cgroup.max.depth", maxDepth],
    ["cgroup.max.descendants", maxDescendants],
  ] as const;
  for (const [name, limit] of limits)
    step(`set ${name} of cgroup ${path}`, () => writeFile(`${cgroupRoot}${path}/${name}`, String(limit)));
}

function enableControllers(directory: string): void {
  const wanted = readFile(`${directory}/cgroup.controllers`, maxControllersBytes).trim().split(" ");
  // Some cannot be delegated (a realtime cpu controller, a threaded parent): the container does without them.
  for (const controller of wanted.filter((name) => name !== ""))
    tolerate(["EOPNOTSUPP", "EBUSY", "EINVAL", "ENOENT"], () =>
      writeFile(`${directory}/cgroup.subtree_control`, `+${controller}`),
    );
}

/** From now on the devices that processes in there can open and make are these. */
export function restrictDevices(path: string, rules: readonly DeviceRule[]): void {
  const directory = open(cgroupRoot + path, O_RDONLY | O_DIRECTORY);
  try {
    step(`restrict devices of cgroup ${path}`, () => attachDeviceProgram(directory, deviceProgram(rules)));
  } finally {
    close(directory);
  }
}

/** Moves the caller in. */
export function enterCgroup(path: string): void {
  step(`enter cgroup ${path}`, () => writeFile(`${cgroupRoot}${path}/cgroup.procs`, "0"));
}

/**
 * Moves the caller into a container's cgroup; where its own processes are when it has handed controllers on (EBUSY: then none
 * may be beside the children), as runc does.
 */
export function enterCgroupOf(path: string, initPid: number): void {
  const entered = step(`enter cgroup ${path}`, () =>
    tolerate(["EBUSY"], () => writeFile(`${cgroupRoot}${path}/cgroup.procs`, "0")),
  );
  if (entered) return;
  const [, inner = ""] =
    /^0::(.*)$/m.exec(readFile(`/proc/${initPid}/cgroup`, maxControllersBytes * 2)) ?? [];
  enterCgroup(inner.startsWith(`${path}/`) ? inner : path);
}

/** Pids, in the guest's root namespace, of all processes in there and below. */
export function processesIn(path: string): number[] {
  return directoriesIn(cgroupRoot + path).flatMap((directory) =>
    processList(directory)
      .split("\n")
      .filter((line) => line !== "" && line !== "0")
      .map(Number),
  );
}

/** A threaded cgroup has no list: its processes are on that of the one above (EOPNOTSUPP). */
function processList(directory: string): string {
  let text = "";
  tolerate(["EOPNOTSUPP"], () => {
    text = ifThere(() => readFile(`${directory}/cgroup.procs`, maxProcsBytes), "");
  });
  return text;
}

/** Sends a signal to every process in there and below. SIGKILL also reaches what is frozen or forks all the time. */
export function signalCgroup(path: string, signal: number, sigkill: number): void {
  const killFile = `${cgroupRoot}${path}/cgroup.kill`;
  if (signal === sigkill && statIfThere(killFile) !== null) {
    writeFile(killFile, "1");
    return;
  }
  for (const pid of processesIn(path)) tolerate(["ESRCH"], () => kill(pid, signal));
}

/** Removes the directory and those below. @returns false when processes are still leaving it: try again */
export function removeCgroup(path: string): boolean {
  return tolerate(["EBUSY"], () => removeDirectories(cgroupRoot + path, maxDepth));
}

/** The directory itself first, then what is below it; empty when it does not exist. */
function directoriesIn(directory: string, depth = 0): string[] {
  if (depth > maxDepth) return [];
  const names = ifThere(() => readdir(directory), null);
  if (names === null) return [];
  const children = names
    .map((name) => `${directory}/${name}`)
    .filter((child) => ifThere(() => (lstat(child).mode & S_IFMT) === S_IFDIR, false));
  return [directory, ...children.flatMap((child) => directoriesIn(child, depth + 1))];
}

function ifThere<Result>(find: () => Result, absent: Result): Result {
  try {
    return find();
  } catch (thrown) {
    if (["ENOENT", "ENODEV", "ENOTDIR"].includes(errnoOf(thrown) ?? "")) return absent;
    throw thrown;
  }
}
