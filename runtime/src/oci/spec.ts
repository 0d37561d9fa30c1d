import type { NamespaceType, RootfsPropagation } from "./linux-names.ts";
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
  readonly linux: LinuxSpec;
}

export interface RootSpec {
  /** As written: absolute, or relative to the bundle. */
  readonly path: string;
  readonly readonly: boolean;
}

export interface MountSpec {
  /** Absolute path in the container. */
  readonly destination: string;
  readonly type: MountType;
  /** "bind": absolute, or relative to the bundle. */
  readonly source: string;
  readonly options: readonly string[];
}

/** File systems that the guest makes itself. */
export const mountTypes = ["proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup"] as const;

/** "bind": a directory or file of the host. */
export type MountType = (typeof mountTypes)[number] | "bind";

export interface LinuxSpec {
  /** New ones for the container; pid and mount are always among them. */
  readonly namespaces: readonly NamespaceType[];
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
  readonly type: "c" | "u" | "p";
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
