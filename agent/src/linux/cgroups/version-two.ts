import {
  type DeviceRule,
  type Resources,
  RunvError,
  type StatsResponse,
  type SubCgroup,
} from "@runv/protocol";
import { mergeLimits, type PresentLimits } from "@runv/protocol/present-limits";
import { deviceProgram } from "../device-program.ts";
import { errnoOf, step, stepError, tolerate } from "../errno.ts";
import { EventFile } from "../event-file.ts";
import { O_DIRECTORY, O_RDONLY } from "../open-flags.ts";
import { makeDirectories, parentOf, statIfThere } from "../paths.ts";
import { writeLimits } from "../resources/cgroup-write.ts";
import { resourceWrites } from "../resources/resource-writes.ts";
import { SIGKILL } from "../signals.ts";
import {
  attachDeviceProgram,
  chown,
  close,
  mkdir,
  mount,
  open,
  readFile,
  removeDirectories,
  writeFile,
} from "../sys.ts";
import type { Cgroup, Cgroups } from "./cgroup.ts";
import { signalMembers } from "./members.ts";
import { maxDepth, maxDescendants, mostForContainer } from "./reserve.ts";
import { statsOf } from "./version-two-stats.ts";

const cgroupRoot = "/sys/fs/cgroup";

/** What the kernel says can be handed on (cgroups(7), "Cgroups delegation"). */
const delegatableFiles = "/sys/kernel/cgroup/delegate";
const maxListBytes = 4096;
const maxCgroupBytes = 8192;
const maxEventsBytes = 4096;

/** Control groups of version 2 (Linux: Documentation/admin-guide/cgroup-v2.rst), all controllers in one hierarchy. */
export class VersionTwoCgroups implements Cgroups {
  /** @param flags of mount(2) */
  constructor(flags: number) {
    // A container sets no limit of its own cgroup and moves no process out of it, whatever capability it has.
    step("mount cgroup2", () => mount("cgroup2", cgroupRoot, "cgroup2", flags, "nsdelegate"));
  }

  create(path: string, rules: readonly DeviceRule[]): Cgroup {
    makeBoth(path);
    const cgroup = new VersionTwoCgroup(path);
    try {
      limitForAgent(path);
      restrictDevices(path, rules);
    } catch (thrown) {
      cgroup.remove();
      throw thrown;
    }
    return cgroup;
  }
}

class VersionTwoCgroup implements Cgroup {
  readonly path: string;
  readonly #outer: string;
  readonly #inner: string;

  constructor(path: string) {
    this.path = path;
    this.#outer = cgroupRoot + path;
    this.#inner = cgroupRoot + innerCgroup(path);
  }

  /** Processors are everybody's in version 2. */
  followGuest(): void {
    limitForAgent(this.path);
  }

  enter(): void {
    step(`enter cgroup ${this.path}`, () => moveInto(innerCgroup(this.path)));
  }

  /** Beside init when the container has handed controllers on (EBUSY: then none may be beside the children), as runc does. */
  join(initPid: number): void {
    const own = innerCgroup(this.path);
    const entered = step(`enter cgroup ${this.path}`, () => tolerate(["EBUSY"], () => moveInto(own)));
    if (entered) return;
    const [, present = ""] = /^0::(.*)$/m.exec(readFile(`/proc/${initPid}/cgroup`, maxCgroupBytes)) ?? [];
    step(`enter cgroup ${this.path}`, () => moveInto(present.startsWith(`${own}/`) ? present : own));
  }

  joinBelow(subs: readonly SubCgroup[]): void {
    if (subs.some(({ controller }) => controller !== ""))
      throw new RunvError("unsupported", "exec: cgroup v2 has no trees of controllers");
    const path = subs.map((sub) => sub.path).join("/");
    try {
      moveInto(`${innerCgroup(this.path)}/${path}`);
    } catch (thrown) {
      if (errnoOf(thrown) !== "ENOENT") throw stepError(`enter cgroup ${path}`, thrown);
      throw new RunvError("not-found", `exec: sub-cgroup ${path}: no such file or directory`);
    }
  }

  setFrozen(frozen: boolean): void {
    step(`freeze cgroup ${this.path}`, () => writeFile(`${this.#outer}/cgroup.freeze`, frozen ? "1" : "0"));
  }

  isFrozen(): boolean {
    return /^frozen 1$/m.test(readFile(`${this.#outer}/cgroup.events`, maxEventsBytes));
  }

  isPopulated(): boolean {
    return /^populated 1$/m.test(readFile(`${this.#outer}/cgroup.events`, maxEventsBytes));
  }

  signal(signal: number): void {
    const killFile = `${this.#outer}/cgroup.kill`;
    if (signal === SIGKILL && statIfThere(killFile) !== null) writeFile(killFile, "1");
    else signalMembers(this.path, signal);
  }

  letKilledEnd(): void {
    // They end as they are.
  }

  remove(): boolean {
    return tolerate(["EBUSY"], () => removeDirectories(this.#outer, maxDepth));
  }

  setLimits(asked: Resources, before: PresentLimits): void {
    const writes = resourceWrites(asked, mergeLimits(before, asked));
    writeLimits((file) => `${this.#inner}/${file}`, writes);
  }

  memoryUsageBytes(): number {
    return Number(readFile(`${this.#inner}/memory.current`, maxEventsBytes));
  }

  stats(): StatsResponse {
    return statsOf(this.#inner);
  }

  oomKills(): number {
    const events = readFile(`${this.#inner}/memory.events`, maxEventsBytes);
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
  }

  watch(changed: () => void): { close(): void } {
    const files: EventFile[] = [];
    const watched = { close: () => files.forEach((file) => file.close()) };
    try {
      for (const name of ["memory.events", "cgroup.events"])
        files.push(new EventFile(`${this.#inner}/${name}`, changed));
      return watched;
    } catch (thrown) {
      watched.close();
      throw thrown;
    }
  }

  delegate(uid: number): void {
    const files = readFile(delegatableFiles, maxListBytes)
      .split("\n")
      .filter((name) => name !== "");
    chown(this.#inner, uid, 0);
    for (const name of files) tolerate(["ENOENT"], () => chown(`${this.#inner}/${name}`, uid, 0));
  }

  mount(source: string, target: string, flags: number, data: string): void {
    mount(source, target, "cgroup2", flags, data);
  }
}

/** What is attached to the inner one, root with CAP_BPF in there could detach. */
function innerCgroup(path: string): string {
  return `${path}/container`;
}

/** Makes a container's cgroups and hands them, and all above them, every controller that there is. */
function makeBoth(path: string): void {
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
      removeDirectories(cgroupRoot + path, maxDepth);
      throw thrown;
    }
  });
}

/** Besides what the agent needs, a tree of cgroups that can be walked. */
function limitForAgent(path: string): void {
  const { threads, memoryBytes } = mostForContainer();
  const limits = [
    ["pids.max", threads],
    ["memory.max", memoryBytes],
    ["cgroup.max.depth", maxDepth],
    ["cgroup.max.descendants", maxDescendants],
  ] as const;
  for (const [name, limit] of limits)
    step(`set ${name} of cgroup ${path}`, () => writeFile(`${cgroupRoot}${path}/${name}`, String(limit)));
}

/** In one write; one by one when some cannot be delegated (a realtime cpu controller, a threaded parent): the container does without. */
function enableControllers(directory: string): void {
  const wanted = readFile(`${directory}/cgroup.controllers`, maxListBytes)
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

/** Version 2 has no controller of devices: a program decides. */
function restrictDevices(path: string, rules: readonly DeviceRule[]): void {
  const directory = open(cgroupRoot + path, O_RDONLY | O_DIRECTORY);
  try {
    step(`restrict devices of cgroup ${path}`, () => attachDeviceProgram(directory, deviceProgram(rules)));
  } finally {
    close(directory);
  }
}

function moveInto(path: string): void {
  writeFile(`${cgroupRoot}${path}/cgroup.procs`, "0");
}
