import type {
  CapabilityName,
  ioPriorityClasses,
  RlimitType,
  schedulerFlags,
  schedulerPolicies,
} from "./linux-names.ts";

/** `process` of config.json, and the whole of process.json, as far as runv honours it (runtime-spec: config.md, "Process"). */
export interface ProcessSpec {
  readonly terminal: boolean;
  /** In characters; null: left alone. Only with a terminal. */
  readonly consoleSize: { readonly rows: number; readonly columns: number } | null;
  readonly user: UserSpec;
  /** At least one; the first is looked up in the PATH of `env`. */
  readonly args: readonly string[];
  /** "NAME=value". */
  readonly env: readonly string[];
  /** Absolute path in the container. */
  readonly cwd: string;
  /** null: none at all. */
  readonly capabilities: CapabilitySets | null;
  readonly rlimits: readonly Rlimit[];
  readonly noNewPrivileges: boolean;
  /** -1000 to 1000; null: left alone. */
  readonly oomScoreAdj: number | null;
  /** null: left alone. */
  readonly scheduler: SchedulerSpec | null;
  /** null: left alone. `priority` 0, the highest, to 7. */
  readonly ioPriority: {
    readonly class: (typeof ioPriorityClasses)[number];
    readonly priority: number;
  } | null;
  /** Processors of the guest that an exec may run on, before and after it enters the container's cgroup; empty: left alone. */
  readonly execCpuAffinity: { readonly initial: readonly number[]; readonly final: readonly number[] };
}

/** sched_setattr(2). */
export interface SchedulerSpec {
  readonly policy: (typeof schedulerPolicies)[number];
  /** -20 to 19. */
  readonly nice: number;
  readonly priority: number;
  readonly flags: readonly (typeof schedulerFlags)[number][];
  readonly runtimeNs: number;
  readonly deadlineNs: number;
  readonly periodNs: number;
}

export interface UserSpec {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  /** null: 0o022. */
  readonly umask: number | null;
}

export interface CapabilitySets {
  readonly bounding: readonly CapabilityName[];
  readonly effective: readonly CapabilityName[];
  readonly inheritable: readonly CapabilityName[];
  readonly permitted: readonly CapabilityName[];
  readonly ambient: readonly CapabilityName[];
}

export interface Rlimit {
  readonly type: RlimitType;
  /** `unlimited` for no limit. */
  readonly soft: number;
  readonly hard: number;
}

/** RLIM_INFINITY, as agent.proto writes it. */
export const unlimited = -1;
