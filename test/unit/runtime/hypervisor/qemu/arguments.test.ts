import { expect, test } from "vitest";
import type { VmSpec } from "../../../../../runtime/src/hypervisor/hypervisor.ts";
import { qemuArguments, type VmParts } from "../../../../../runtime/src/hypervisor/qemu/arguments.ts";
import { type Machine, machineNamed } from "../../../../../runtime/src/hypervisor/qemu/machines.ts";
import { memoryLayout } from "../../../../../runtime/src/hypervisor/qemu/memory-layout.ts";

const spec: VmSpec = {
  directory: "/run/runv/vm/0",
  vcpuCount: 1,
  memoryMib: 256,
  spare: { vcpuCount: 0, memoryMib: 0 },
  accel: "auto",
  machine: "auto",
  carrier: "auto",
  programs: {},
  hypervisorParameters: [],
  guest: {
    vmlinux: "/v",
    image: { release: "6.1.0", virtioMmio: true },
    initramfs: "/i",
    kernelParameters: ["one=1"],
  },
  disks: [{ descriptor: 7, sizeBytes: 1_048_576, format: "raw", readonly: false }],
  cgroups: [],
  share: null,
  oomScoreAdj: 0,
  rollback: { trees: [], cgroups: [] },
};

const parts = (accel: VmParts["accel"], machine: Machine["name"] = "microvm"): VmParts => ({
  accel,
  machine: machineNamed(machine),
  memory: memoryLayout(spec, machineNamed(machine)),
  moreArgv: ["-device", "carrier"],
  moreKernelParameters: ["carrier=1"],
});

const valueOf = (args: readonly string[], option: string): string => args[args.indexOf(option) + 1] ?? "";

test("the whole command line under emulation", () => {
  expect(qemuArguments(spec, parts("tcg"))).toMatchInlineSnapshot(`
    [
      "/usr/bin/qemu-system-x86_64",
      "-machine",
      "microvm,acpi=off,isa-serial=on,pit=on,pic=on,rtc=on,memory-backend=memory",
      "-accel",
      "tcg,tb-size=256",
      "-cpu",
      "max,-erms",
      "-smp",
      "1",
      "-m",
      "256",
      "-object",
      "memory-backend-memfd,id=memory,size=256M,share=on",
      "-kernel",
      "/guest/vmlinux",
      "-initrd",
      "/guest/initramfs.cpio",
      "-append",
      "console=ttyS0 quiet reboot=t panic=-1 rcupdate.rcu_expedited=1 pci=off no_timer_check noreplace-smp swiotlb=noforce tsc_early_khz={tscKhz} nolapic_timer mitigations=off carrier=1 one=1",
      "-add-fd",
      "fd={fd:disk0},set=1",
      "-blockdev",
      "driver=file,filename=/dev/fdset/1,aio=threads,node-name=disk0file,read-only=off,discard=unmap",
      "-blockdev",
      "driver=raw,file=disk0file,node-name=disk0,read-only=off,discard=unmap",
      "-device",
      "virtio-blk-device,drive=disk0,werror=report,rerror=report",
      "-object",
      "rng-random,id=entropy,filename=/dev/urandom",
      "-device",
      "virtio-rng-device,rng=entropy",
      "-device",
      "carrier",
      "-chardev",
      "socket,id=console,fd={fd:console}",
      "-serial",
      "chardev:console",
      "-chardev",
      "socket,id=qmp,fd={fd:qmp},server=on,wait=off",
      "-mon",
      "chardev=qmp,mode=control",
      "-nodefaults",
      "-no-user-config",
      "-display",
      "none",
      "-no-reboot",
      "-sandbox",
      "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
    ]
  `);
});

test("KVM has its own clock: the legacy timers are off and no TSC frequency is given", () => {
  const args = qemuArguments(spec, parts("kvm"));
  expect(valueOf(args, "-accel")).toBe("kvm");
  expect(valueOf(args, "-machine")).toContain("pit=off,pic=off,rtc=off");
  expect(valueOf(args, "-cpu")).toBe("host");
  expect(valueOf(args, "-append")).not.toContain("tsc_early_khz");
});

test("every disk has a descriptor set and a device, in order", () => {
  const args = qemuArguments(
    {
      ...spec,
      disks: [
        { descriptor: 7, sizeBytes: 1_048_576, format: "raw", readonly: false },
        { descriptor: 8, sizeBytes: 1_048_576, format: "raw", readonly: false },
      ],
    },
    parts("tcg"),
  );
  const devices = args.filter((arg) => arg.startsWith("virtio-blk-device"));
  expect(devices.map((device) => device.split(",")[1])).toEqual(["drive=disk0", "drive=disk1"]);
  expect(args).toContain("fd={fd:disk1},set=2");
});

test("a VM without disks has none", () => {
  expect(qemuArguments({ ...spec, disks: [] }, parts("tcg")).join(" ")).not.toContain("blk");
});

test.each(["q35", "pc"] as const)(
  "%s has its virtio devices on PCI, and a kernel that looks there",
  (machine) => {
    const args = qemuArguments(spec, parts("tcg", machine));
    expect(valueOf(args, "-machine")).toMatch(new RegExp(`^${machine},`));
    expect(valueOf(args, "-accel")).toMatch(/^tcg,/);
    expect(args).toContain("virtio-blk-pci,drive=disk0,werror=report,rerror=report");
    expect(args).toContain("virtio-rng-pci,rng=entropy");
    expect(valueOf(args, "-append")).not.toContain("pci=off");
  },
);
