import { RunvError } from "@runv/protocol";
import { removeCgroup, signalCgroup } from "../linux/cgroups.ts";
import { until, type Wait } from "../linux/deadline.ts";
import { closeNamespaces, type NamespaceSet } from "../linux/namespaces.ts";
import type { SeccompFilter } from "../linux/seccomp-profile.ts";
import { SIGKILL } from "../linux/signals.ts";
import type { IdMaps } from "../linux/user-namespace.ts";
import type { GuestProcess } from "./process.ts";

const emptyCgroup: Wait = { intervalMs: 5, deadlineMs: 10_000 };

type ContainerParts = Pick<
  Container,
  "id" | "init" | "cgroup" | "namespaces" | "idMaps" | "seccomp" | "startHooksMs"
>;

/** One container that exists: its init is set up, runs, or has ended and was not deleted yet. */
export class Container {
  readonly id: string;
  readonly init: GuestProcess;
  readonly cgroup: string;
  readonly namespaces: NamespaceSet;
  /** For its further processes too; null: it has no profile. */
  readonly seccomp: SeccompFilter | null;
  /** Of its user namespace; null: it has the guest's. */
  readonly idMaps: IdMaps | null;
  /** How long the hooks of its start may take. */
  readonly startHooksMs: number;
  /** Processes of exec by their id; one that is being set up is null. */
  readonly execs = new Map<string, GuestProcess | null>();

  #destroyed = false;

  constructor({ id, init, cgroup, namespaces, idMaps, seccomp, startHooksMs }: ContainerParts) {
    this.id = id;
    this.init = init;
    this.cgroup = cgroup;
    this.namespaces = namespaces;
    this.idMaps = idMaps;
    this.seccomp = seccomp;
    this.startHooksMs = startHooksMs;
  }

  /** Init for an empty id. */
  process(id: string): GuestProcess | null {
    return id === "" ? this.init : (this.execs.get(id) ?? null);
  }

  signal(number: number, all: boolean): void {
    if (!all && this.init.state === "exited") throw new RunvError("invalid-state", "container not running");
    if (all) signalCgroup(this.cgroup, number, SIGKILL);
    else this.init.signal(number);
  }

  /** Kills what is left and gives back what the container held, but for its files. */
  async destroy(): Promise<void> {
    signalCgroup(this.cgroup, SIGKILL, SIGKILL);
    const processes = [this.init, ...this.execs.values()].filter((process) => process !== null);
    await until(() => removeCgroup(this.cgroup), `remove cgroup ${this.cgroup}`, emptyCgroup);
    await Promise.all(processes.map(async (process) => process.conclude()));
    if (!this.#destroyed) closeNamespaces(this.namespaces);
    this.#destroyed = true;
  }
}
