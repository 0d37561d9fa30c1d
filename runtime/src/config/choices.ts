/** What settings may be set to, with a few words for the documentation. A value is listed from the day it works, and not before. */

export const hypervisors = { qemu: "QEMU" } as const;
export type HypervisorName = keyof typeof hypervisors;

export const accels = {
  auto: "KVM if /dev/kvm opens and the CPU has hardware virtualisation, else emulation",
  kvm: "hardware virtualisation",
  tcg: "software emulation",
} as const;
export type Accel = keyof typeof accels;

export const machines = { auto: "what the guest kernel can do", microvm: "no PCI, boots fastest" } as const;
export type MachineChoice = keyof typeof machines;

export const carriers = {
  auto: "the first of these that the host has",
  "vhost-vsock": "the host kernel's /dev/vhost-vsock",
  "vhost-user-vsock": "the program vhost-device-vsock",
} as const;
export type CarrierChoice = keyof typeof carriers;

export const rootfsDrivers = {
  auto: "the best that host and guest have",
  stream: "copied into the guest, which reaches nothing of the host's file systems",
} as const;
export type RootfsChoice = keyof typeof rootfsDrivers;

export const scratchKinds = { ext4: "a disk", tmpfs: "the guest's memory" } as const;
export type ScratchKind = keyof typeof scratchKinds;

/** Programs of the host that may be somewhere else than where runv looks. */
export const programs = {
  mke2fs: "formats scratch disks",
  "qemu-system-x86_64": "runs virtual machines",
  "vhost-device-vsock": "the carrier vhost-user-vsock",
} as const;
export type ProgramName = keyof typeof programs;

export const programNames: readonly ProgramName[] = Object.keys(programs).filter(
  (name): name is ProgramName => Object.hasOwn(programs, name),
);
