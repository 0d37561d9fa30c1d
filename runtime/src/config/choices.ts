import type { CgroupVersion } from "../shared/cgroup-version.ts";

/** What settings may be set to, with a few words for the documentation. A value is listed from the day it works, and not before. */

export const hypervisors = { qemu: "QEMU" } as const;
export type HypervisorName = keyof typeof hypervisors;

export const accels = {
  auto: "KVM if /dev/kvm opens and the CPU has hardware virtualisation, else emulation",
  kvm: "hardware virtualisation, wherever /dev/kvm opens",
  tcg: "software emulation",
} as const;
export type Accel = keyof typeof accels;

export const machines = {
  auto: "microvm if the guest kernel and what is attached can do with it, else q35, or pc for kernels before 3.0",
  microvm: "no PCI, boots fastest",
  q35: "a computer of today, with PCI Express",
  pc: "one of the nineties, with PCI",
} as const;
export type MachineChoice = keyof typeof machines;

export const carriers = {
  auto: "the first of these that the host has",
  "vhost-vsock": "the host kernel's /dev/vhost-vsock",
  "vhost-user-vsock": "the program vhost-device-vsock",
  "virtio-serial": "a port of the virtual machine, which every host has",
  "isa-serial": "the second serial port of q35 and pc: very slow, never chosen by auto",
} as const;
export type CarrierChoice = keyof typeof carriers;

export const rootfsDrivers = {
  auto: "virtiofs where the host has a virtiofsd in Rust and the guest's kernel virtiofs, else stream",
  stream: "copied into the guest, which reaches nothing of the host's file systems",
  virtiofs: "shared with the guest by the program virtiofsd",
  "9p": "shared with the guest by the virtual machine itself",
  block:
    "a disk of the guest: an image or a block device as root.path, or the device under a read-only mount",
} as const;
export type RootfsChoice = keyof typeof rootfsDrivers;

export const blockWrites = {
  scratch: "beside it, on the scratch disk: the disk is only read",
  disk: "on the disk itself",
} as const;
export type BlockWritesChoice = keyof typeof blockWrites;

export const volumeDrivers = {
  auto: "as the root file system, else the first of virtiofs and 9p that the host has, else copy",
  virtiofs: "shared by the program virtiofsd",
  "9p": "shared by the virtual machine itself",
  copy: "copied into the guest: changes on one side are not seen on the other",
} as const;
export type VolumesChoice = keyof typeof volumeDrivers;

export const shareCaches = {
  auto: "up to a second with virtiofs; with 9p only what is mapped",
  always: "for good: for files that only the guest changes",
  none: "not at all; with virtiofs, files cannot be mapped shared",
} as const;
export type ShareCacheChoice = keyof typeof shareCaches;

export const scratchKinds = { ext4: "a disk", tmpfs: "the guest's memory" } as const;
export type ScratchKind = keyof typeof scratchKinds;

export const cgroupVersions: Readonly<Record<CgroupVersion, string>> = {
  v2: "one tree for all controllers",
  v1: "a tree for each controller, for workloads that know no other: systemd of CentOS 6 and 7, JVMs and container engines of their time",
};

/** Members of `vm` of config.json that can override what the host has, and what they do there. */
export const vmOverrides = {
  "hypervisor.path": "any program of the host runs the virtual machine",
  "hypervisor.parameters": "any device and file that the program can give it",
  "kernel.path": "any file of the host that is a kernel; those of the guest files are always allowed",
  "kernel.parameters": "what the guest kernel does, and nothing on the host",
  "hwConfig.vcpus": "more processors than the container's limits say",
  "hwConfig.memory": "more memory than the container's limits say",
} as const;
export type VmOverride = keyof typeof vmOverrides;

/** Programs of the host that may be somewhere else than where runv looks. */
export const programs = {
  mke2fs: "formats scratch disks",
  "qemu-system-x86_64": "runs virtual machines",
  "vhost-device-vsock": "the carrier vhost-user-vsock",
  virtiofsd: "shares directories with guests",
} as const;
export type ProgramName = keyof typeof programs;

/** What runs the virtual machines of each hypervisor. */
export const hypervisorPrograms: Readonly<Record<HypervisorName, ProgramName>> = {
  qemu: "qemu-system-x86_64",
};

export const programNames: readonly ProgramName[] = Object.keys(programs).filter(
  (name): name is ProgramName => Object.hasOwn(programs, name),
);
