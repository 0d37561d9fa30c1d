import {
  defaultMemoryMib,
  defaultScratchDirectory,
  defaultSpareMemoryMib,
  defaultSpareVcpuCount,
  defaultVcpuCount,
  leastMemoryMib,
} from "../shared/defaults.ts";
import { defaultBootTimeoutMs } from "../shared/limits.ts";
import {
  accels,
  blockWrites,
  carriers,
  cgroupVersions,
  hypervisors,
  machines,
  type ProgramName,
  programs,
  rootfsDrivers,
  scratchKinds,
  shareCaches,
  vmOverrides,
  volumeDrivers,
} from "./choices.ts";
import type { SettingKey, Settings } from "./settings.ts";
import {
  absolutePath,
  choice,
  listOf,
  nameOrPath,
  plainName,
  type ValueType,
  wholeNumber,
  words,
} from "./value-types.ts";

/** Everything about one setting: the parsers, the environment, the default file and the README are made of it. */
export interface Setting<T> {
  /** For whoever configures a host; without a full stop. */
  readonly help: string;
  /** Of what may be chosen from: each value and what it stands for. */
  readonly choices?: Readonly<Record<string, string>>;
  readonly type: ValueType<NonNullable<T>>;
  /** What annotations are held to; without it no container may have its own. */
  readonly annotation?: ValueType<NonNullable<T>>;
  readonly default: T;
  /** For a default of null: what happens then, and what could be written. */
  readonly unset?: { readonly meaning: string; readonly example: NonNullable<T> };
  /** Environment variable. */
  readonly env: string;
}

type Schema = { readonly [Key in SettingKey]: Setting<Settings[Key]> };

const hypervisor = choice(hypervisors);
const accel = choice(accels);
const machine = choice(machines);
const carrier = choice(carriers);
const rootfs = choice(rootfsDrivers);
const blockWritesType = choice(blockWrites);
const volumes = choice(volumeDrivers);
const shareCache = choice(shareCaches);
const scratchKind = choice(scratchKinds);
const cgroupVersion = choice(cgroupVersions);
/** The upper bound is of x86's physical addresses. */
const memoryMib = wholeNumber(leastMemoryMib, 4 * 1024 ** 2);
/** The guest kernel's NR_CPUS. */
const vcpus = wholeNumber(1, 256);
const spareMemoryMib = wholeNumber(0, 4 * 1024 ** 2);
const spareVcpus = wholeNumber(0, 255);
const bootTimeoutMs = wholeNumber(100, 3_600_000);
/** The upper bound is ext4's with blocks of 4 KiB. */
const scratchMib = wholeNumber(16, 16 * 1024 ** 2);

export const schema: Schema = {
  hypervisor: {
    help: "What runs the virtual machines",
    choices: hypervisors,
    type: hypervisor,
    annotation: hypervisor,
    default: "qemu",
    env: "RUNV_HYPERVISOR",
  },
  accel: {
    help: "What executes the guest's instructions",
    choices: accels,
    type: accel,
    annotation: accel,
    default: "auto",
    env: "RUNV_ACCEL",
  },
  machine: {
    help: "Type of the virtual machine",
    choices: machines,
    type: machine,
    annotation: machine,
    default: "auto",
    env: "RUNV_MACHINE",
  },
  carrier: {
    help: "What carries the connections to the guest",
    choices: carriers,
    type: carrier,
    annotation: carrier,
    default: "auto",
    env: "RUNV_CARRIER",
  },
  rootfs: {
    help: "How a container's root file system gets into its guest",
    choices: rootfsDrivers,
    type: rootfs,
    annotation: rootfs,
    default: "stream",
    env: "RUNV_ROOTFS",
  },
  block_writes: {
    help: "Where a container whose root file system is a disk writes",
    choices: blockWrites,
    type: blockWritesType,
    annotation: blockWritesType,
    default: "scratch",
    env: "RUNV_BLOCK_WRITES",
  },
  volumes: {
    help: "How bind mounts get into the guest",
    choices: volumeDrivers,
    type: volumes,
    annotation: volumes,
    default: "auto",
    env: "RUNV_VOLUMES",
  },
  share_cache: {
    help: "How long a guest may believe what it has read of shared files",
    choices: shareCaches,
    type: shareCache,
    annotation: shareCache,
    default: "auto",
    env: "RUNV_SHARE_CACHE",
  },
  kernel: {
    help: "Guest kernel: the path of a vmlinux (with a PVH entry) or a bzImage, or NAME for kernels/NAME/vmlinux in the directory of guest files; annotations name, and never give a path",
    type: nameOrPath,
    annotation: plainName,
    default: null,
    unset: { meaning: "the vmlinux of the guest files", example: "6.1" },
    env: "RUNV_KERNEL",
  },
  kernel_parameters: {
    help: "Added to the guest kernel's command line, after runv's own parameters",
    type: words,
    default: [],
    env: "RUNV_KERNEL_PARAMETERS",
  },
  hypervisor_parameters: {
    help: "Added to the command line of the program that runs the virtual machine",
    type: words,
    default: [],
    env: "RUNV_HYPERVISOR_PARAMETERS",
  },
  cgroup_version: {
    help: "Version of the guest's control groups, which its containers see and their limits are held by",
    choices: cgroupVersions,
    type: cgroupVersion,
    annotation: cgroupVersion,
    default: "v2",
    env: "RUNV_CGROUP_VERSION",
  },
  guest_dir: {
    help: "Directory of the guest files vmlinux and initramfs.cpio",
    type: absolutePath,
    default: null,
    unset: { meaning: "guest/ beside runv, then /usr/lib/runv/guest", example: "/usr/lib/runv/guest" },
    env: "RUNV_GUEST_DIR",
  },
  memory_mib: {
    help: "Memory of a virtual machine, in MiB, whatever its container's limits are",
    type: memoryMib,
    annotation: memoryMib,
    default: null,
    unset: {
      meaning: "as much as shows the container its memory.limit as MemTotal, else default_memory_mib",
      example: 512,
    },
    env: "RUNV_MEMORY_MIB",
  },
  vcpus: {
    help: "Processors of a virtual machine, whatever its container's limits are",
    type: vcpus,
    annotation: vcpus,
    default: null,
    unset: {
      meaning: "the container's cpu.quota / cpu.period, rounded up, else default_vcpus",
      example: 2,
    },
    env: "RUNV_VCPUS",
  },
  default_memory_mib: {
    help: "Memory of a virtual machine whose container has no memory.limit, in MiB",
    type: memoryMib,
    default: defaultMemoryMib,
    env: "RUNV_DEFAULT_MEMORY_MIB",
  },
  default_vcpus: {
    help: "Processors of a virtual machine whose container has no cpu.quota",
    type: vcpus,
    default: defaultVcpuCount,
    env: "RUNV_DEFAULT_VCPUS",
  },
  max_vcpus: {
    help: "Most processors that a container's cpu.quota gets it",
    type: vcpus,
    default: null,
    unset: { meaning: "as many as the host has", example: 4 },
    env: "RUNV_MAX_VCPUS",
  },
  spare_memory_mib: {
    help: "Memory, in MiB, that `update` can give a running virtual machine beside what it starts with, as far as the host has it; of the host it is taken only then",
    type: spareMemoryMib,
    annotation: spareMemoryMib,
    default: defaultSpareMemoryMib,
    env: "RUNV_SPARE_MEMORY_MIB",
  },
  spare_vcpus: {
    help: "Processors that `update` can give a running virtual machine beside those it starts with, up to max_vcpus",
    type: spareVcpus,
    annotation: spareVcpus,
    default: defaultSpareVcpuCount,
    env: "RUNV_SPARE_VCPUS",
  },
  boot_timeout_ms: {
    help: "How long a guest may take to answer, in milliseconds",
    type: bootTimeoutMs,
    annotation: bootTimeoutMs,
    default: defaultBootTimeoutMs,
    env: "RUNV_BOOT_TIMEOUT_MS",
  },
  allowed_annotations: {
    help: "Settings that a container's config.json may override, by the annotation io.runv.KEY; any other such annotation is an error. Whoever may make containers may then set them: memory_mib, vcpus and scratch.mib take more of the host than the container's limits say",
    type: listOf(() => annotationKeys),
    default: ["kernel", "cgroup_version"],
    env: "RUNV_ALLOWED_ANNOTATIONS",
  },
  allowed_vm: {
    help: "Members of the section vm of a container's config.json that override these settings; any other is an error. Whoever may make containers may then decide",
    choices: vmOverrides,
    type: listOf(() => Object.keys(vmOverrides)),
    default: ["kernel.parameters"],
    env: "RUNV_ALLOWED_VM",
  },
  "scratch.kind": {
    help: "Where a streamed root file system and what the container writes are kept",
    choices: scratchKinds,
    type: scratchKind,
    annotation: scratchKind,
    default: "ext4",
    env: "RUNV_SCRATCH",
  },
  "scratch.mib": {
    help: "Size of the scratch space in MiB, and so the container's quota; the disk is sparse",
    type: scratchMib,
    annotation: scratchMib,
    default: null,
    unset: { meaning: "10240, with tmpfs half of the memory", example: 10_240 },
    env: "RUNV_SCRATCH_MIB",
  },
  "scratch.dir": {
    help: "Directory of the scratch disks: on a disk, because guests may fill them",
    type: absolutePath,
    default: defaultScratchDirectory,
    env: "RUNV_SCRATCH_DIR",
  },
  "programs.mke2fs": program("mke2fs", "/usr/sbin/mke2fs"),
  "programs.qemu-system-x86_64": program("qemu-system-x86_64", "/usr/bin/qemu-system-x86_64"),
  "programs.virtiofsd": program("virtiofsd", "/usr/libexec/virtiofsd"),
  "programs.vhost-device-vsock": program("vhost-device-vsock", "/usr/bin/vhost-device-vsock"),
};

function program(name: ProgramName, example: string): Setting<string | null> {
  return {
    help: `Path of the program ${name}: ${programs[name]}`,
    type: absolutePath,
    default: null,
    unset: {
      meaning: "looked for beside runv, in /usr/lib/runv, in PATH, and where distributions put it",
      example,
    },
    env: `RUNV_${name.toUpperCase().replaceAll("-", "_")}`,
  };
}

/** In the order of the documentation. */
export const settingKeys: readonly SettingKey[] = Object.keys(schema).filter(isSettingKey);

export const annotationKeys: readonly SettingKey[] = settingKeys.filter(
  (key) => schema[key].annotation !== undefined,
);

export function isSettingKey(name: string): name is SettingKey {
  return Object.hasOwn(schema, name);
}
