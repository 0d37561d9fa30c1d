import type { DeviceRule, Resources, StatsResponse, SubCgroup } from "@runv/protocol";
import type { PresentLimits } from "@runv/protocol/present-limits";

/** The control groups of this guest, all of one version. */
export interface Cgroups {
  /**
   * Makes a container's cgroups. It has two in each hierarchy: the outer one, which it cannot reach, carries its device rules and what the
   * agent keeps for itself and stops it; the inner one is the root of its cgroup namespace, with the limits that it was given.
   * @param rules of devices, in order: those that its processes can open and make, whatever they do to cgroups of their own
   * @throws RunvError "already-exists" when they are there: they would be another container's
   */
  create(path: string, rules: readonly DeviceRule[]): Cgroup;
}

/** The cgroups of one container. */
export interface Cgroup {
  /** Below the root of every hierarchy. */
  readonly path: string;

  /** Lets it have what the guest has been given since it was made: memory and processors. */
  followGuest(): void;

  /** Moves the caller in. */
  enter(): void;
  /** Moves the caller to where the container's own processes are. @param initPid of the container */
  join(initPid: number): void;
  /** Moves the caller into cgroups that the container has made below its own. @throws RunvError "not-found" when there are none */
  joinBelow(subs: readonly SubCgroup[]): void;

  /** Stops all processes in there and below, or lets them go on; they have stopped once `isFrozen`. */
  setFrozen(frozen: boolean): void;
  /** To be asked again and again until it is so. */
  isFrozen(): boolean;
  /** Whether processes are in there or below. */
  isPopulated(): boolean;
  /** Sends a signal to every process in there and below. SIGKILL also reaches what is frozen or forks all the time. */
  signal(signal: number): void;
  /** Lets a process that was sent SIGKILL end although all are stopped. */
  letKilledEnd(): void;
  /** Removes all of them. @returns false when processes are still leaving: try again */
  remove(): boolean;

  /**
   * Sets limits, all that are asked for or none. It may wait: the kernel lets whoever lowers a limit of memory do so until enough was given
   * back.
   * @throws RunvError that names the field
   */
  setLimits(asked: Resources, before: PresentLimits): void;
  memoryUsageBytes(): number;
  stats(): StatsResponse;

  /** How many processes of the container were killed because memory was used up. */
  oomKills(): number;
  /** Calls `changed` whenever `oomKills` or `isPopulated` may say something else. */
  watch(changed: () => void): { close(): void };

  /**
   * Lets a user of the container's user namespace make cgroups below its own and move its processes there (runtime-spec config-linux.md,
   * "Cgroup ownership"). Limits stay out of its reach.
   */
  delegate(uid: number): void;
  /** Mounts what a container sees of it, in its namespaces. @param flags and data of mount(2) */
  mount(source: string, target: string, flags: number, data: string): void;
}
