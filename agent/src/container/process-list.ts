import type { ProcessInfo } from "@runv/protocol";
import { processesIn } from "../linux/cgroups/members.ts";
import { errnoOf } from "../linux/errno.ts";
import { O_RDONLY } from "../linux/open-flags.ts";
import { close, type Fd, open, read, readFile, utf8Decode, utf8Encode, write } from "../linux/sys.ts";

const maxStatBytes = 4096;
/** The list of groups alone can fill half of that. */
const maxStatusBytes = 1 << 20;
const maxCmdlineBytes = 4096;
const maxProcStatBytes = 1 << 20;
/** A reply is a message of bounded size; nobody reads a table of more. */
const maxProcesses = 8192;
const maxCommandsBytes = 2 << 20;

/** USER_HZ, the unit of times in /proc (proc(5)). */
const ticksPerSecond = 100;
const firstPtsMajor = 136;
const lastPtsMajor = 143;

/**
 * Writes what /proc says of a cgroup's processes: one line, a JSON array of ProcessInfo, with their names in place of their arguments; then
 * for each whose arguments can be had a JSON array of its index and these. To be called in a child: it may hang.
 */
export function writeProcesses(writer: Fd, cgroup: string): void {
  const pids = processesIn(cgroup).slice(0, maxProcesses);
  const bootSeconds = bootTimeSeconds();
  const found = pids.flatMap((pid) => unlessGone(() => [{ pid, info: describe(pid, bootSeconds) }]) ?? []);
  writeLine(
    writer,
    found.map(({ info }) => info),
  );
  let commandBytes = 0;
  for (const [index, { pid }] of found.entries()) {
    const command = unlessGone(() => argumentsOf(pid)) ?? "";
    commandBytes += command.length;
    if (commandBytes > maxCommandsBytes) return;
    if (command !== "") writeLine(writer, [index, command]);
  }
}

function writeLine(writer: Fd, value: object): void {
  const bytes = utf8Encode(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < bytes.length; ) at += write(writer, bytes.subarray(at));
}

function describe(pid: number, bootSeconds: number): ProcessInfo {
  const stat = readFile(`/proc/${pid}/stat`, maxStatBytes);
  // The name, in parentheses, can hold anything; the fields after it start with number 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3] ?? 0);
  const status = readFile(`/proc/${pid}/status`, maxStatusBytes);
  const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
  return {
    pid: innermostPid(status) ?? pid,
    parentPid: parentIn(field(4)),
    uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? 0),
    startTimeSeconds: bootSeconds + Math.floor(field(22) / ticksPerSecond),
    cpuTimeMs: ((field(14) + field(15)) * 1000) / ticksPerSecond,
    tty: ttyName(field(7)),
    command: `[${name}]`,
  };
}

/** Its number in the container's namespace, the second that /proc/<pid>/status lists; null for a process of the guest itself. */
function innermostPid(status: string): number | null {
  const [, , inside] = /^NSpid:\s+(\d+)\s+(\d+)/m.exec(status) ?? [];
  return inside === undefined ? null : Number(inside);
}

function parentIn(pid: number): number {
  if (pid <= 1) return 0;
  return unlessGone(() => innermostPid(readFile(`/proc/${pid}/status`, maxStatusBytes))) ?? 0;
}

function ttyName(device: number): string {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (major < firstPtsMajor || major > lastPtsMajor) return "?";
  return `pts/${(major - firstPtsMajor) * 256 + minor}`;
}

/** Empty for a process that has none any more; the start of what is too long. */
function argumentsOf(pid: number): string {
  const fd = open(`/proc/${pid}/cmdline`, O_RDONLY);
  try {
    return utf8Decode(read(fd, maxCmdlineBytes)).replace(/\0+$/, "").replaceAll("\0", " ");
  } finally {
    close(fd);
  }
}

function bootTimeSeconds(): number {
  return Number(/^btime (\d+)$/m.exec(readFile("/proc/stat", maxProcStatBytes))?.[1] ?? 0);
}

function unlessGone<Result>(look: () => Result): Result | null {
  try {
    return look();
  } catch (thrown) {
    if (["ENOENT", "ESRCH"].includes(errnoOf(thrown) ?? "")) return null;
    throw thrown;
  }
}
