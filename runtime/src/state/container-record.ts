import type { Hooks } from "../oci/hooks-spec.ts";
import type { CgroupVersion } from "../shared/cgroup-version.ts";
import type { HostNeed } from "../shared/host-need.ts";
import type { MachineRecord } from "../shared/machine-record.ts";
import type { ProcessIdentity } from "../shared/process-identity.ts";

/** Raised with every change that an older runv could not understand. */
export const recordVersion = 1;

/** What is known of a container on disk: nothing in it can be derived from what runs. */
export interface ContainerRecord {
  readonly id: string;
  readonly ociVersion: string;
  /** Absolute path. */
  readonly bundle: string;
  /** Absolute path of the rootfs on the host. */
  readonly rootfs: string;
  /** RFC 3339. */
  readonly created: string;
  /** Name of the user who created it. */
  readonly owner: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Those that later verbs run, or wait for: config.json may change after `create`. */
  readonly hooks: Pick<Hooks, "startContainer" | "poststart" | "poststop">;
  /** The `create` at work; null once it has committed. */
  readonly creator: ProcessIdentity | null;
  /** `start` has succeeded. */
  readonly started: boolean;
  /** The `start` that has asked the guest last, noted before it asked; null: none has. */
  readonly starter: ProcessIdentity | null;
  /** Its processes stand still. */
  readonly paused: boolean;
  /** The `pause` or `resume` that has asked the guest last, noted before it asked; null: none has, or its answer is written down. */
  readonly freezer: ProcessIdentity | null;
  /** The proxy of the init process; null until there is one. */
  readonly init: ProcessIdentity | null;
  /** Proxies of `exec`, ended ones too until the next change. */
  readonly execs: readonly ExecRecord[];
  /** Directory of the VM; empty until there is one. */
  readonly vmDirectory: string;
  /** What the hypervisor's driver saved, for its own parser. null until the VM has been launched. */
  readonly vm: unknown;
  /** Absolute paths of the cgroup directories made for this container, deepest last. */
  readonly cgroups: readonly string[];
  /** Of the control groups in its guest. */
  readonly cgroupVersion: CgroupVersion;
  /** What its machine takes of the host; null until there is one. Limits that change later are the container's and this. */
  readonly hostNeed: HostNeed | null;
  /** null until there is one, and for what an earlier runv has made. */
  readonly machine: MachineRecord | null;
  /** `--systemd-cgroup` of the `create`: the callers' `delete --force` does not repeat it (containerd: shim delete). */
  readonly systemdCgroup: boolean;
}

export interface ExecRecord {
  readonly processId: string;
  readonly proxy: ProcessIdentity;
}
