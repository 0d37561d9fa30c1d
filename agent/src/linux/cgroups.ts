import { type DeviceRule, RunvError } from "@runv/protocol";
import { deviceProgram } from "./device-program.ts";
import { errnoOf, step, tolerate } from "./errno.ts";
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
  rmdir,
  writeFile,
} from "./sys.ts";

const cgroupRoot = "/sys/fs/cgroup";

const maxControllersBytes = 4096;
/** For the kernel, the agent and what it forks to look after containers. */
const reservedThreads = 128;
const maxProcsBytes = 4 << 20;
/** A container can nest cgroups as deep as it likes; nobody follows further than this. */
const maxDepth = 64;

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

/** Leaves the agent room to fork whatever processes in there do. */
export function limitProcesses(path: string): void {
  const most = Number(readFile("/proc/sys/kernel/threads-max", maxControllersBytes));
  step(`limit processes of cgroup ${path}`, () =>
    writeFile(`${cgroupRoot}${path}/pids.max`, String(Math.max(most - reservedThreads, 1))),
  );
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

/** Pids, in the guest's root namespace, of all processes in there and below. */
export function processesIn(path: string): number[] {
  return directoriesIn(cgroupRoot + path).flatMap((directory) =>
    ifThere(() => readFile(`${directory}/cgroup.procs`, maxProcsBytes), "")
      .split("\n")
      .filter((line) => line !== "" && line !== "0")
      .map(Number),
  );
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
  return directoriesIn(cgroupRoot + path)
    .toReversed()
    .every((directory) => tolerateAbsent(directory));
}

function tolerateAbsent(directory: string): boolean {
  try {
    rmdir(directory);
  } catch (thrown) {
    if (errnoOf(thrown) === "EBUSY") return false;
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
  }
  return true;
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
