import type { Disk } from "../../shared/disk.ts";
import type { VmSpec } from "../hypervisor.ts";
import type { QemuAccel } from "./accel.ts";
import { translationMib } from "./host-need.ts";
import { type Machine, virtioDevice } from "./machines.ts";
import type { MemoryLayout } from "./memory-layout.ts";

/** Guest files as the confined VMM sees them. */
export const insidePaths = {
  program: "/usr/bin/qemu-system-x86_64",
  kernel: "/guest/vmlinux",
  initramfs: "/guest/initramfs.cpio",
} as const;

/** What the driver has chosen for a VM. */
export interface VmParts {
  readonly accel: QemuAccel;
  readonly machine: Machine;
  readonly memory: MemoryLayout;
  /** Of the carrier and the share. */
  readonly moreArgv: readonly string[];
  readonly moreKernelParameters: readonly string[];
}

/** The whole command line; each function emits what one part of the VM needs. */
export function qemuArguments(spec: VmSpec, parts: VmParts): string[] {
  const { accel, machine, moreArgv } = parts;
  return [
    insidePaths.program,
    ...machineOptions(machine, accel),
    ...processor(spec, accel),
    ...memory(parts.memory),
    ...boot(spec, parts),
    ...spec.disks.flatMap((one, index) => disk(one, index, machine)),
    ...["-object", "rng-random,id=entropy,filename=/dev/urandom"],
    ...["-device", `${virtioDevice(machine, "virtio-rng")},rng=entropy`],
    ...moreArgv,
    ...["-chardev", "socket,id=console,fd={fd:console}", "-serial", "chardev:console"],
    ...["-chardev", "socket,id=qmp,fd={fd:qmp},server=on,wait=off", "-mon", "chardev=qmp,mode=control"],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...spec.hypervisorParameters,
    ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
  ];
}

function machineOptions(machine: Machine, accel: QemuAccel): string[] {
  return [
    ...["-machine", `${machine.name},${machine.properties(accel)},memory-backend=memory`],
    ...["-accel", accel === "tcg" ? `tcg,tb-size=${translationMib}` : accel],
  ];
}

/**
 * Emulation moves a repeated string instruction's bytes one element at a time: a kernel that is told of fast `rep movsb` (ERMS) copies byte
 * by byte where it otherwise copies eight at once, which made the bare carrier a third slower.
 */
function processor(spec: VmSpec, accel: QemuAccel): string[] {
  const count = spec.vcpuCount + spec.spare.vcpuCount;
  return ["-cpu", accel === "kvm" ? "host" : "max,-erms", "-smp", `${count}`];
}

/** Shared, because a vhost-user device reads and writes the guest's memory from its own process. */
function memory({ totalMib }: MemoryLayout): string[] {
  return ["-m", `${totalMib}`, "-object", `memory-backend-memfd,id=memory,size=${totalMib}M,share=on`];
}

function boot(spec: VmSpec, parts: VmParts): string[] {
  return [
    "-kernel",
    insidePaths.kernel,
    "-initrd",
    insidePaths.initramfs,
    "-append",
    kernelCommandLine(spec, parts),
  ];
}

function kernelCommandLine(spec: VmSpec, parts: VmParts): string {
  const { accel, machine, memory, moreKernelParameters } = parts;
  return [
    "console=ttyS0 quiet",
    // The virtual machine ends by a triple fault, which -no-reboot turns into the VMM's end; a panic likewise and at once.
    "reboot=t panic=-1",
    // Namespaces and mounts wait on RCU grace periods.
    "rcupdate.rcu_expedited=1",
    ...machine.kernelParameters,
    ...(memory.endMib === null ? [] : [`mem=${memory.endMib}M`]),
    ...(spec.spare.vcpuCount === 0 ? [] : [`maxcpus=${spec.vcpuCount}`]),
    "no_timer_check noreplace-smp",
    // No device of these machines needs its data below 4 GiB: without this a guest with more keeps 64 MiB for it.
    "swiotlb=noforce",
    // microvm has neither HPET nor a PM timer to calibrate the TSC with; under emulation that hung one boot in fifteen. Calibrating the
    // APIC's timer takes 200 ms there, and the PIT does as well. The guest's mitigations are instructions for a processor that
    // speculates; translated code keeps none of their effect, only their price.
    ...(accel === "tcg" ? ["tsc_early_khz={tscKhz} nolapic_timer mitigations=off"] : []),
    ...moreKernelParameters,
    ...spec.guest.kernelParameters,
  ].join(" ");
}

/**
 * A full or failing host disk becomes an I/O error in the guest instead of a paused VM. An image names no further file: what a
 * guest writes into its header must not become one of the host's.
 */
function disk({ format, readonly }: Disk, index: number, machine: Machine): string[] {
  const id = `disk${index}`;
  const access = readonly ? "read-only=on" : "read-only=off,discard=unmap";
  const file = `driver=file,filename=/dev/fdset/${index + 1},aio=threads,node-name=${id}file,${access}`;
  return [
    ...["-add-fd", `fd={fd:${id}},set=${index + 1}`],
    ...["-blockdev", file],
    ...[
      "-blockdev",
      format === "raw" ? `driver=raw,file=${id}file,node-name=${id},${access}` : qcow2(id, readonly),
    ],
    ...["-device", `${virtioDevice(machine, "virtio-blk")},drive=${id},werror=report,rerror=report`],
  ];
}

/** In JSON, for "no backing file" cannot be said otherwise. */
function qcow2(id: string, readonly: boolean): string {
  const node = { driver: "qcow2", file: `${id}file`, "node-name": id, "read-only": readonly, backing: null };
  return JSON.stringify(readonly ? node : { ...node, discard: "unmap" });
}
