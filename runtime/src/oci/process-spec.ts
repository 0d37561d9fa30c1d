import type { CapabilityName, RlimitType } from "./linux-names.ts";

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
