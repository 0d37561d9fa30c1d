import type { CgroupVersion } from "../shared/cgroup-version.ts";
import type {
  Accel,
  BlockWritesChoice,
  CarrierChoice,
  HypervisorName,
  MachineChoice,
  ProgramName,
  RootfsChoice,
  ScratchKind,
  ShareCacheChoice,
  VolumesChoice,
} from "./choices.ts";

/** What the operator of a host decides. A member's name is the key in the configuration file; schema.ts says the rest. */
export interface Settings extends ProgramSettings {
  readonly hypervisor: HypervisorName;
  readonly accel: Accel;
  readonly machine: MachineChoice;
  readonly carrier: CarrierChoice;
  readonly rootfs: RootfsChoice;
  readonly block_writes: BlockWritesChoice;
  readonly volumes: VolumesChoice;
  readonly share_cache: ShareCacheChoice;
  /** Absolute path, or the name of one of the kernels in the guest directory; null: the one that runv comes with. */
  readonly kernel: string | null;
  /** Added to the guest kernel's command line. */
  readonly kernel_parameters: readonly string[];
  /** Added to the command line of the hypervisor's program. */
  readonly hypervisor_parameters: readonly string[];
  /** Of the guest's control groups. */
  readonly cgroup_version: CgroupVersion;
  /** Absolute path; null: where runv looks. */
  readonly guest_dir: string | null;
  /** null: as the container's limits say. */
  readonly memory_mib: number | null;
  readonly vcpus: number | null;
  /** For containers without limits. */
  readonly default_memory_mib: number;
  readonly default_vcpus: number;
  /** Of what containers ask for; null: the host's. */
  readonly max_vcpus: number | null;
  /** What a running machine can be given. */
  readonly spare_memory_mib: number;
  readonly spare_vcpus: number;
  readonly boot_timeout_ms: number;
  readonly "scratch.kind": ScratchKind;
  /** null: as the kind has it. */
  readonly "scratch.mib": number | null;
  /** Absolute path. */
  readonly "scratch.dir": string;
  /** Keys that annotations may set. */
  readonly allowed_annotations: readonly string[];
  /** Members of `vm` of config.json that count. */
  readonly allowed_vm: readonly string[];
}

/** Absolute paths; null: where runv looks. */
type ProgramSettings = { readonly [Name in ProgramName as `programs.${Name}`]: string | null };

export type SettingKey = keyof Settings;
