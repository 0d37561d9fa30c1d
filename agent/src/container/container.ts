import { RunvError } from "@runv/protocol";
import type { PresentLimits } from "@runv/protocol/present-limits";
import type { Cgroup } from "../linux/cgroups/cgroup.ts";
import { until, type Wait } from "../linux/deadline.ts";
import { closeNamespaces, type NamespaceSet } from "../linux/namespaces.ts";
import type { SeccompFilter } from "../linux/seccomp-profile.ts";
import { SIGKILL } from "../linux/signals.ts";
import type { IdMaps } from "../linux/user-namespace.ts";
import type { GuestProcess } from "./process.ts";

const emptyCgroup: Wait = { intervalMs: 5, deadlineMs: 10_000 };
/** A process that waits for a disk stops when it is back from there. */
const standingStill: Wait = { intervalMs: 2, deadlineMs: 10_000 };

type ContainerParts = Pick<
  Container,
  "id" | "init" | "cgroup" | "namespaces" | "idMaps" | "seccomp" | "personality" | "startHooksMs" | "limits"
>;

/** One container that exists: its init is set up, runs, or has ended and was not deleted yet. */
export class Container {
  readonly id: string;
  readonly init: GuestProcess;
  readonly cgroup: Cgroup;
  readonly namespaces: NamespaceSet;
  /** For its further processes too; null: it has no profile. */
  readonly seccomp: SeccompFilter | null;
  /** For its further processes too; empty: the guest's. */
  readonly personality: string;
  /** Of its user namespace; null: it has the guest's. */
  readonly idMaps: IdMaps | null;
  /** How long the hooks of its start may take. */
  readonly startHooksMs: number;
  /** Processes of exec by their id; one that is being set up is null. */
  readonly execs = new Map<string, GuestProcess | null>();
  limits: PresentLimits;

  #destroyed = false;
  #paused = false;

  constructor({
    id,
    init,
    cgroup,
    namespaces,
    idMaps,
    seccomp,
    personality,
    startHooksMs,
    limits,
  }: ContainerParts) {
    this.id = id;
    this.init = init;
    this.cgroup = cgroup;
    this.namespaces = namespaces;
    this.idMaps = idMaps;
    this.seccomp = seccomp;
    this.personality = personality;
    this.startHooksMs = startHooksMs;
    this.limits = limits;
  }

  /** Init for an empty id. */
  process(id: string): GuestProcess | null {
    return id === "" ? this.init : (this.execs.get(id) ?? null);
  }

  /** @returns whether init had ended before */
  signal(number: number, all: boolean): boolean {
    const initEnded = this.init.state === "exited";
    if (!all && initEnded) throw new RunvError("invalid-state", "container not running");
    if (all) this.cgroup.signal(number);
    else this.init.signal(number);
    return initEnded;
  }

  /** Asked to stand still, and not to go on since. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Returns when every process stands still; when one does not in time, all go on. */
  async pause(): Promise<void> {
    if (this.init.state === "exited") throw new RunvError("invalid-state", "container not running");
    this.#paused = true;
    try {
      this.cgroup.setFrozen(true);
      await until(() => this.cgroup.isFrozen(), `pause container ${this.id}`, standingStill);
    } catch (thrown) {
      this.resume();
      throw thrown;
    }
  }

  resume(): void {
    this.cgroup.setFrozen(false);
    this.#paused = false;
  }

  /** Kills what is left and gives back what the container held, but for its files. */
  async destroy(): Promise<void> {
    this.cgroup.signal(SIGKILL);
    const processes = [this.init, ...this.execs.values()].filter((process) => process !== null);
    await until(() => this.cgroup.remove(), `remove cgroup ${this.cgroup.path}`, emptyCgroup);
    await Promise.all(processes.map(async (process) => process.conclude()));
    if (!this.#destroyed) closeNamespaces(this.namespaces);
    this.#destroyed = true;
  }
}
