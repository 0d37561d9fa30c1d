import {
  type DeviceRule,
  type Resources,
  RunvError,
  type StatsResponse,
  type SubCgroup,
} from "@runv/protocol";
import { mergeLimits, type PresentLimits } from "@runv/protocol/present-limits";
import { errnoOf, step, stepError, tolerate } from "../errno.ts";
import { writeLimits } from "../resources/cgroup-write.ts";
import { versionOneWrites } from "../resources/version-one/resource-writes.ts";
import { SIGKILL } from "../signals.ts";
import { clearTimer, readFile, removeDirectories, setTimer, writeFile } from "../sys.ts";
import type { Cgroup, Cgroups } from "./cgroup.ts";
import { CgroupFiles } from "./cgroup-files.ts";
import { type Hierarchy, mountHierarchies } from "./hierarchies.ts";
import { membersOf, signalMembers } from "./members.ts";
import { maxDepth, maxDescendants, mostForContainer } from "./reserve.ts";
import { deviceWrites } from "./version-one-devices.ts";
import { inheritAgain, makeCgroup, makeParents } from "./version-one-make.ts";
import { mountVersionOne } from "./version-one-mount.ts";
import { versionOneStats } from "./version-one-stats.ts";

const maxFileBytes = 4096;
/** The kernel has no bound of its own. */
const maxNesting = 4096;
/** The kernel tells of no change in what `oomKills` and `isPopulated` look at. */
const pollMs = 100;
/** Of listing a container's processes until none is new: each that has been stopped or killed forks once more at most. */
const maxKillRounds = 64;

/** Control groups of version 1 (Linux: Documentation/admin-guide/cgroup-v1), a hierarchy for each controller. */
export class VersionOneCgroups implements Cgroups {
  readonly #hierarchies: readonly Hierarchy[];

  /** @param flags of mount(2) */
  constructor(flags: number) {
    this.#hierarchies = mountHierarchies(flags);
  }

  create(path: string, rules: readonly DeviceRule[]): Cgroup {
    const made: Hierarchy[] = [];
    const cgroup = new VersionOneCgroup(path, this.#hierarchies);
    try {
      for (const hierarchy of this.#hierarchies) {
        makeParents(hierarchy, path);
        if (!makeCgroup(hierarchy, path))
          throw new RunvError("already-exists", `make cgroup ${path}: it is there already`);
        made.push(hierarchy);
      }
      cgroup.limitForAgent();
      // A cgroup with others below it takes no rule for all devices any more, and those get what it has when they are made.
      cgroup.restrictDevices(rules);
      for (const hierarchy of this.#hierarchies) makeCgroup(hierarchy, innerCgroup(path));
    } catch (thrown) {
      for (const { directory } of made) removeDirectories(directory + path, maxNesting);
      throw thrown;
    }
    return cgroup;
  }
}

class VersionOneCgroup implements Cgroup {
  readonly path: string;
  readonly #hierarchies: readonly Hierarchy[];

  constructor(path: string, hierarchies: readonly Hierarchy[]) {
    this.path = path;
    this.#hierarchies = hierarchies;
  }

  /** What a version 1 container cannot be kept from with a mount of its own is kept by the outer cgroup: it cannot have more than that. */
  limitForAgent(): void {
    const { threads, memoryBytes } = mostForContainer();
    // The last two of the tree that version 2 has, where there is one.
    const limits = [
      ["pids.max", threads],
      ["memory.limit_in_bytes", memoryBytes],
      ["cgroup.max.depth", maxDepth],
      ["cgroup.max.descendants", maxDescendants],
    ] as const;
    for (const [name, limit] of limits)
      step(`set ${name} of cgroup ${this.path}`, () =>
        tolerate(["ENOENT"], () => writeFile(this.#outerFile(name), String(limit))),
      );
  }

  restrictDevices(rules: readonly DeviceRule[]): void {
    for (const { file, value } of deviceWrites(rules))
      step(`restrict devices of cgroup ${this.path}: ${file}: ${value}`, () =>
        writeFile(this.#outerFile(file), value),
      );
  }

  followGuest(): void {
    this.limitForAgent();
    for (const hierarchy of this.#hierarchies) inheritAgain(hierarchy, innerCgroup(this.path));
  }

  enter(): void {
    for (const hierarchy of this.#hierarchies)
      step(`enter cgroup ${hierarchy.name}:${this.path}`, () => moveInto(hierarchy, innerCgroup(this.path)));
  }

  /** Processes can be anywhere in version 1: as with runc, to the container's own, wherever init has gone. */
  join(): void {
    this.enter();
  }

  joinBelow(subs: readonly SubCgroup[]): void {
    const known = this.#hierarchies.flatMap(({ controllers }) => controllers);
    const unknown = subs.find(({ controller }) => controller !== "" && !known.includes(controller));
    if (unknown !== undefined)
      throw new RunvError(
        "invalid-argument",
        `exec --cgroup: unknown controller ${unknown.controller}: the guest has ${known.join(", ")}`,
      );
    for (const hierarchy of this.#hierarchies) this.#joinOneBelow(hierarchy, subs);
  }

  #joinOneBelow(hierarchy: Hierarchy, subs: readonly SubCgroup[]): void {
    const { controllers, name } = hierarchy;
    const sub = subs.findLast(
      ({ controller }) => controllers.includes(controller) || (controller === "" && controllers.length > 0),
    );
    const below = sub === undefined || sub.path === "" ? "" : `/${sub.path}`;
    try {
      moveInto(hierarchy, innerCgroup(this.path) + below);
    } catch (thrown) {
      if (errnoOf(thrown) !== "ENOENT") throw stepError(`enter cgroup ${name}:${below}`, thrown);
      throw new RunvError("not-found", `exec: sub-cgroup ${name}:${below}: no such file or directory`);
    }
  }

  /** Before Linux 3.8 those below are not stopped with a cgroup, so the inner one is as well. */
  setFrozen(frozen: boolean): void {
    step(`freeze cgroup ${this.path}`, () => this.#setFrozen(frozen));
  }

  #setFrozen(frozen: boolean): void {
    const files = [this.#outerFile("freezer.state"), this.#innerFile("freezer.state")];
    for (const file of frozen ? files : files.toReversed()) writeFile(file, frozen ? "FROZEN" : "THAWED");
  }

  /** One that has been FREEZING for long because it forks has to be asked again (Documentation: freezer-subsystem.rst). */
  isFrozen(): boolean {
    const isDone = this.#outerText("freezer.state").trim() === "FROZEN";
    if (!isDone) this.setFrozen(true);
    return isDone;
  }

  isPopulated(): boolean {
    try {
      return Number(this.#outerText("pids.current")) > 0;
    } catch (thrown) {
      if (errnoOf(thrown) !== "ENOENT") throw thrown;
      return membersOf(this.path).length > 0;
    }
  }

  signal(signal: number): void {
    if (signal === SIGKILL) this.#killAll();
    else signalMembers(this.path, signal);
  }

  /** Version 1 kills nobody itself. What has been stopped forks no more, and what was killed ends when it is let go on. */
  #killAll(): void {
    tolerate(["ENOENT"], () => this.#setFrozen(true));
    try {
      const known = new Set<number>();
      for (let round = 0; round < maxKillRounds; round++) {
        const before = known.size;
        for (const pid of signalMembers(this.path, SIGKILL)) known.add(pid);
        if (known.size === before) return;
      }
    } finally {
      this.letKilledEnd();
    }
  }

  /** Not even with the container's own are all: it may have stopped some in a cgroup below, out of which they are taken. */
  letKilledEnd(): void {
    tolerate(["ENOENT"], () => this.#setFrozen(false));
    const thawed = `${this.#treeOf("freezer.state")}${this.path}/cgroup.procs`;
    for (const pid of membersOf(this.path))
      tolerate(["ENOENT", "ESRCH", "EBUSY", "EINVAL"], () => writeFile(thawed, String(pid)));
  }

  remove(): boolean {
    return tolerate(["EBUSY"], () => {
      for (const { directory } of this.#hierarchies) removeDirectories(directory + this.path, maxNesting);
    });
  }

  setLimits(asked: Resources, before: PresentLimits): void {
    const writes = versionOneWrites(asked, before, mergeLimits(before, asked));
    writeLimits((file) => this.#innerFile(file), writes);
  }

  memoryUsageBytes(): number {
    return Number(readFile(this.#innerFile("memory.usage_in_bytes"), maxFileBytes));
  }

  stats(): StatsResponse {
    return versionOneStats(new CgroupFiles((name) => this.#innerFile(name)));
  }

  /** Linux 4.13 and newer say it. */
  oomKills(): number {
    const control = new CgroupFiles((name) => this.#innerFile(name)).text("memory.oom_control");
    return Number(/^oom_kill (\d+)$/m.exec(control)?.[1] ?? 0);
  }

  watch(changed: () => void): { close(): void } {
    let timer = 0;
    const poll = (): void => {
      timer = setTimer(pollMs, poll);
      changed();
    };
    timer = setTimer(pollMs, poll);
    return { close: () => clearTimer(timer) };
  }

  delegate(): void {
    // "Runtimes MUST NOT change the ownership of container cgroups when cgroups v1 is in use" (config-linux.md, "Cgroup ownership").
  }

  mount(_source: string, target: string, flags: number, data: string): void {
    mountVersionOne(this.#hierarchies, target, flags, data);
  }

  #outerText(file: string): string {
    return readFile(this.#outerFile(file), maxFileBytes);
  }

  #outerFile(file: string): string {
    return `${this.#treeOf(file)}${this.path}/${file}`;
  }

  #innerFile(file: string): string {
    return `${this.#treeOf(file)}${innerCgroup(this.path)}/${file}`;
  }

  /** Files have the name of their controller first, those of version 2 "cgroup". Of one that the kernel lacks: a path that leads nowhere. */
  #treeOf(file: string): string {
    const [controller = ""] = file.split(".");
    const found = this.#hierarchies.find(({ controllers }) =>
      controller === "cgroup" ? controllers.length === 0 : controllers.includes(controller),
    );
    return found?.directory ?? `/no-controller/${controller}`;
  }
}

function innerCgroup(path: string): string {
  return `${path}/container`;
}

function moveInto({ directory, entrance }: Hierarchy, path: string): void {
  writeFile(`${directory}${path}/${entrance}`, "0");
}
