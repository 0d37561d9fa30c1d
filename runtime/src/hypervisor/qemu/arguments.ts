import type { Disk, VmSpec } from "../hypervisor.ts";
import type { QemuAccel } from "./accel.ts";

/** Guest files as the confined VMM sees them. */
export const insidePaths = {
  program: "/usr/bin/qemu-system-x86_64",
  kernel: "/guest/vmlinux",
  initramfs: "/guest/initramfs.cpio",
} as const;

/**
 * Options of the machine `microvm`; each function emits what one part of the VM needs.
 * @param moreArgv of the carrier and the share
 */
export function qemuArguments(spec: VmSpec, accel: QemuAccel, moreArgv: readonly string[]): string[] {
  return [
    insidePaths.program,
    ...machine(accel),
    ...processor(spec, accel),
    ...memory(spec),
    ...boot(spec, accel),
    ...spec.disks.flatMap(disk),
    ...["-object", "rng-random,id=entropy,filename=/dev/urandom", "-device", "virtio-rng-device,rng=entropy"],
    ...moreArgv,
    ...["-chardev", "socket,id=console,fd={fd:console}", "-serial", "chardev:console"],
    ...["-chardev", "socket,id=qmp,fd={fd:qmp},server=on,wait=off", "-mon", "chardev=qmp,mode=control"],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
  ];
}

/**
 * Without KVM's clock the guest needs PIT and PIC: with them off it does not boot under emulation; and without an RTC it waits for
 * one, which makes a boot of 0.7 s one of 1.7 s.
 */
function machine(accel: QemuAccel): string[] {
  const timers = accel === "kvm" ? "pit=off,pic=off,rtc=off" : "pit=on,pic=on,rtc=on";
  return ["-machine", `microvm,accel=${accel},acpi=off,isa-serial=on,${timers},memory-backend=memory`];
}

/**
 * Emulation moves a repeated string instruction's bytes one element at a time: a kernel that is told of fast `rep movsb` (ERMS) copies byte
 * by byte where it otherwise copies eight at once, which made the bare carrier a third slower.
 */
function processor(spec: VmSpec, accel: QemuAccel): string[] {
  return ["-cpu", accel === "kvm" ? "host" : "max,-erms", "-smp", `${spec.vcpuCount}`];
}

/** Shared, because a vhost-user device reads and writes the guest's memory from its own process. */
function memory(spec: VmSpec): string[] {
  return [
    "-m",
    `${spec.memoryMib}`,
    "-object",
    `memory-backend-memfd,id=memory,size=${spec.memoryMib}M,share=on`,
  ];
}

function boot(spec: VmSpec, accel: QemuAccel): string[] {
  return [
    "-kernel",
    insidePaths.kernel,
    "-initrd",
    insidePaths.initramfs,
    "-append",
    kernelCommandLine(spec, accel),
  ];
}

function kernelCommandLine(spec: VmSpec, accel: QemuAccel): string {
  return [
    "console=ttyS0 quiet",
    // The virtual machine ends by a triple fault, which -no-reboot turns into the VMM's end; a panic likewise and at once.
    "reboot=t panic=-1",
    // Namespaces and mounts wait on RCU grace periods.
    "rcupdate.rcu_expedited=1",
    // microvm has no PCI bus to look for.
    "pci=off no_timer_check noreplace-smp",
    // microvm has neither HPET nor a PM timer to calibrate the TSC with; under emulation that hung one boot in fifteen. Calibrating the
    // APIC's timer takes 200 ms there, and the PIT does as well. The guest's mitigations are instructions for a processor that
    // speculates; translated code keeps none of their effect, only their price.
    ...(accel === "tcg" ? ["tsc_early_khz={tscKhz} nolapic_timer mitigations=off"] : []),
    ...spec.guest.kernelParameters,
  ].join(" ");
}

/**
 * A full or failing host disk becomes an I/O error in the guest instead of a paused VM. An image names no further file: what a
 * guest writes into its header must not become one of the host's.
 */
function disk({ format, readonly }: Disk, index: number): string[] {
  const id = `disk${index}`;
  const access = readonly ? "read-only=on" : "read-only=off,discard=unmap";
  const file = `driver=file,filename=/dev/fdset/${index + 1},aio=threads,node-name=${id}file,${access}`;
  const backing = format === "qcow2" ? ",backing=" : "";
  return [
    ...["-add-fd", `fd={fd:${id}},set=${index + 1}`],
    ...["-blockdev", file],
    ...["-blockdev", `driver=${format},file=${id}file,node-name=${id},${access}${backing}`],
    ...["-device", `virtio-blk-device,drive=${id},werror=report,rerror=report`],
  ];
}
