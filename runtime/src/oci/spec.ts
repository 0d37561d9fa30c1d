import type { VmSection } from "../shared/vm-section.ts";
import type { Hooks } from "./hooks-spec.ts";
import type { NamespaceType, PersonalityDomain, RootfsPropagation } from "./linux-names.ts";
import type { ProcessSpec } from "./process-spec.ts";
import type { ResourcesSpec } from "./resources.ts";
import type { SeccompSpec } from "./seccomp-spec.ts";

/** A config.json that has been accepted: everything in it is honoured (runtime-spec: config.md, config-linux.md). */
export interface Spec {
  readonly ociVersion: string;
  readonly process: ProcessSpec;
  readonly root: RootSpec;
  /** Empty: the guest's. */
  readonly hostname: string;
  /** Empty: the guest's. */
  readonly domainname: string;
  /** In the order in which they are made. */
  readonly mounts: readonly MountSpec[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly hooks: Hooks;
  readonly linux: LinuxSpec;
  /** null: as the host is configured. */
  readonly vm: VmSection | null;
}

export interface RootSpec {
  /** As written: absolute, or relative to the bundle. */
  readonly path: string;
  readonly readonly: boolean;
}

export interface MountSpec {
  /** Absolute path in the container, without "." and "..". */
  readonly destination: string;
  /** "bind": a directory or file of the host; "cgroup"; else a file system of the guest's kernel. */
  readonly type: string;
  /** "bind": absolute, or relative to the bundle. */
  readonly source: string;
  readonly options: readonly string[];
  /** "bind": from the ids on the source's file system to those of the guest; null: as they are. */
  readonly idMappings: IdMappings | null;
}

export interface IdMapping {
  /** First id in the container, or on a mount's file system. */
  readonly inside: number;
  /** First id in the guest. */
  readonly outside: number;
  readonly count: number;
}

/** At least one range of each. */
export interface IdMappings {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

/** How far a clock of the container is ahead of the guest's. */
export interface TimeOffset {
  readonly clock: "monotonic" | "boottime";
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly nanos: number;
}

export interface LinuxSpec {
  /** null: left alone. */
  readonly personality: PersonalityDomain | null;
  /** New ones for the container; pid and mount are always among them. */
  readonly namespaces: readonly NamespaceType[];
  /** Of the user namespace; null: the guest's. */
  readonly idMappings: IdMappings | null;
  readonly timeOffsets: readonly TimeOffset[];
  readonly devices: readonly DeviceSpec[];
  readonly resources: ResourcesSpec;
  /** In order, the last match counts. */
  readonly deviceRules: readonly DeviceRule[];
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  /** Empty: the runtime's choice. With --systemd-cgroup "slice:prefix:name", else a path. */
  readonly cgroupsPath: string;
  /** null: rprivate. */
  readonly rootfsPropagation: RootfsPropagation | null;
  readonly sysctls: Readonly<Record<string, string>>;
  /** null: none. */
  readonly seccomp: SeccompSpec | null;
}

export interface DeviceSpec {
  readonly path: string;
  readonly type: "c" | "u" | "b" | "p";
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly fileMode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface DeviceRule {
  readonly allow: boolean;
  readonly type: "a" | "b" | "c";
  /** `everyNumber` for all. */
  readonly major: number;
  readonly minor: number;
  /** Of "r", "w" and "m". */
  readonly access: string;
}

/** All major or minor numbers, as agent.proto writes it. */
export const everyNumber = -1;
