import { expect, test } from "vitest";
import type { VmSpec } from "../../../../../runtime/src/hypervisor/hypervisor.ts";
import { chooseMachine } from "../../../../../runtime/src/hypervisor/qemu/machine-choice.ts";

type Request = Parameters<typeof chooseMachine>[0];
type Kernel = VmSpec["guest"]["image"];

const disk = { descriptor: 4, sizeBytes: 1, format: "raw", readonly: false } as const;
const ours: Kernel = { release: "6.1.192-runv", virtioMmio: true };

const request = (kernel: Kernel, more: Partial<Request> = {}): Request => ({
  machine: "auto",
  carrier: "auto",
  disks: [disk],
  share: null,
  guest: { vmlinux: "/k", image: kernel, initramfs: "/i", kernelParameters: [] },
  ...more,
});

test.each<[string, Kernel, Partial<Request>, string]>([
  ["a kernel of ours", ours, {}, "microvm"],
  ["a kernel without devices by command line", { ...ours, virtioMmio: false }, {}, "q35"],
  ["a compressed kernel", { release: "6.12.1", virtioMmio: null }, {}, "q35"],
  ["a kernel that says nothing", { release: "", virtioMmio: null }, {}, "q35"],
  ["an old kernel", { release: "2.6.32-431.el6", virtioMmio: null }, {}, "pc"],
  ["a second serial port", ours, { carrier: "isa-serial" }, "q35"],
  ["as many devices as fit", ours, { disks: Array<typeof disk>(6).fill(disk) }, "microvm"],
  ["one device more", ours, { disks: Array<typeof disk>(7).fill(disk) }, "q35"],
])("auto: %s", (_name, kernel, more, machine) => {
  expect(chooseMachine(request(kernel, more)).name).toBe(machine);
});

test("a machine asked for by name is taken, unless it is known not to do", () => {
  for (const machine of ["microvm", "q35", "pc"] as const)
    expect(chooseMachine(request(ours, { machine })).name).toBe(machine);
  const kernel = { ...ours, virtioMmio: false };
  expect(() => chooseMachine(request(kernel, { machine: "microvm" }))).toThrow(
    "machine: microvm: the guest kernel has no CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES: /k (use machine=auto)",
  );
  expect(() => chooseMachine(request(ours, { machine: "microvm", carrier: "isa-serial" }))).toThrow(
    "isa-serial",
  );
});
