/**
 * What a verb and the runner of its hooks say to each other, on descriptor 3 of the runner (a stream socket), one JSON object a line.
 *
 *     verb → runner   HookRunnerSpec, the first line
 *     runner → verb   {"event":"hook-failed"} for each hook that fails
 *     runner → verb   {"event":"ended"} when the last hook has, or "failed"; then the runner ends, with status 0 or 1
 *
 * The end of the verb, or of its socket, ends the hook that runs and the runner. The runner has no deadline of its own: hooks may be without.
 */
export const hookRunnerContractVersion = 1;

export interface HookRunnerSpec {
  readonly version: number;
  /** "createRuntime": for errors. */
  readonly kind: string;
  /** In this order. */
  readonly hooks: readonly HookSpec[];
  /** What each of them reads: the container's state as JSON (runtime-spec: runtime.md, "State"). */
  readonly state: string;
  /** Working directory, in the namespaces that are joined; null: the verb's. */
  readonly cwd: string | null;
  /** cgroup directories whose cgroup.procs takes the runner. */
  readonly cgroups: readonly string[];
  /** Runs them in the net, ipc, uts and mount namespaces of this process, if it is still the one that started then; null: in the verb's. */
  readonly join: { readonly pid: number; readonly startTicks: number } | null;
  /** Goes on after one that failed. */
  readonly tolerant: boolean;
}

export interface HookSpec {
  /** Absolute, in the namespaces that are joined. */
  readonly path: string;
  /** args[0] included; empty: `path` alone. */
  readonly args: readonly string[];
  /** "NAME=value", as written. */
  readonly env: readonly string[];
  /** 0: none. */
  readonly timeoutMs: number;
}

export type HookRunnerEvent =
  | { readonly event: "hook-failed"; readonly message: string }
  | { readonly event: "ended" }
  | {
      readonly event: "failed";
      readonly code: "not-found" | "cancelled" | "internal";
      readonly message: string;
    };
