import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { commandLineOf, descriptorsOf, hostProcesses } from "./host-processes.ts";

/** What is on the host, by kind; each thing by its name. */
export type HostInventory = Readonly<
  Record<"processes" | "mounts" | "cgroups" | "sockets" | "files" | "loopDevices" | "taps", readonly string[]>
>;

export interface InventoryOptions {
  /** Whatever names one of these belongs to who asks; other runs may be on the same host. */
  readonly marks: readonly string[];
  /** Everything below them counts. */
  readonly directories: readonly string[];
}

/** Everything that a runtime may leave on a host. Loop devices and taps count whosever they are. */
export function hostInventory({ marks, directories }: InventoryOptions): HostInventory {
  const isMarked = (text: string): boolean => marks.some((mark) => text.includes(mark));
  return {
    processes: markedProcesses(isMarked),
    mounts: linesOf("/proc/self/mountinfo").filter(isMarked),
    cgroups: cgroupTrees()
      .flatMap((tree) => directoriesBelow(tree))
      .filter(isMarked),
    sockets: linesOf("/proc/net/unix").filter(isMarked),
    files: [...directories.flatMap(entriesBelow), ...entriesBelow("/run/runv").filter(isMarked)],
    loopDevices: readdirSync("/sys/block").filter((name) =>
      existsSync(`/sys/block/${name}/loop/backing_file`),
    ),
    taps: readdirSync("/sys/class/net").filter((name) => existsSync(`/sys/class/net/${name}/tun_flags`)),
  };
}

/** How many of each kind. */
export function countsOf(inventory: HostInventory): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(inventory).map(([kind, things]) => [kind, things.length]));
}

/** Found by program, command line, cgroup and open files. */
function markedProcesses(isMarked: (text: string) => boolean): readonly string[] {
  return hostProcesses()
    .filter(({ pid }) => pid !== process.pid)
    .filter(({ pid, executable, cgroups }) => {
      const open = (): string[] => [...openFiles(pid)];
      return (
        isMarked(executable) || isMarked(cgroups) || isMarked(commandLineOf(pid)) || open().some(isMarked)
      );
    })
    .map(({ pid, name }) => `${pid} (${name})`);
}

function openFiles(pid: number): Iterable<string> {
  try {
    return descriptorsOf(pid).values();
  } catch {
    return [];
  }
}

function cgroupTrees(): readonly string[] {
  return linesOf("/proc/self/mountinfo")
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(" ")[4] ?? "");
}

function directoriesBelow(directory: string): readonly string[] {
  return children(directory).flatMap((entry) => {
    const below = path.join(directory, entry.name);
    return entry.isDirectory() ? [below, ...directoriesBelow(below)] : [];
  });
}

function entriesBelow(directory: string): readonly string[] {
  return children(directory).flatMap((entry) => {
    const below = path.join(directory, entry.name);
    return [below, ...(entry.isDirectory() ? entriesBelow(below) : [])];
  });
}

/** Nothing of what is gone by now. */
function children(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function linesOf(file: string): readonly string[] {
  return readFileSync(file, "latin1").split("\n");
}
