import { expect, test } from "vitest";
import { defaultSettings } from "../../../../runtime/src/config/assign.ts";
import { vmOverrides } from "../../../../runtime/src/config/choices.ts";
import { withVmSection } from "../../../../runtime/src/config/vm-overrides.ts";
import type { VmSection } from "../../../../runtime/src/shared/vm-section.ts";

const section: VmSection = {
  hypervisorPath: null,
  hypervisorParameters: [],
  kernelPath: "/srv/guest/vmlinux",
  kernelParameters: [],
  vcpuCount: null,
  memoryBytes: null,
};
const host = { ...defaultSettings(), guest_dir: "/srv/guest" };
const open = { ...host, allowed_vm: Object.keys(vmOverrides) };

test("without a section nothing changes", () => {
  expect(withVmSection(host, null)).toBe(host);
});

test("a kernel among the guest files needs no leave", () => {
  expect(withVmSection({ ...host, allowed_vm: [] }, section).kernel).toBe("/srv/guest/vmlinux");
});

test("a path that only begins like one of them does", () => {
  for (const kernelPath of ["/srv/guest/../vmlinux", "/srv/guests/vmlinux", "/srv/guest", "/etc/shadow"])
    expect(() => withVmSection(host, { ...section, kernelPath })).toThrow(
      "config.json: vm.kernel.path: this host does not allow it (allowed_vm in its configuration: kernel.parameters)",
    );
});

test("by default the guest kernel's parameters are the container's to say, and nothing else", () => {
  const changed = withVmSection(host, { ...section, kernelParameters: ["a=b", "c"] });
  expect(changed.kernel_parameters).toEqual(["a=b", "c"]);
  const others: Partial<VmSection>[] = [
    { hypervisorPath: "/usr/bin/other" },
    { hypervisorParameters: ["-device", "x"] },
    { vcpuCount: 2 },
    { memoryBytes: 2 ** 30 },
  ];
  for (const other of others)
    expect(() => withVmSection(host, { ...section, ...other })).toThrow("this host does not allow it");
});

test("what the host allows overrides what it is configured with", () => {
  const changed = withVmSection(
    { ...open, kernel_parameters: ["first"] },
    {
      hypervisorPath: "/usr/bin/other",
      hypervisorParameters: ["-device", "x"],
      kernelPath: "/boot/vmlinux",
      kernelParameters: ["second"],
      vcpuCount: 3,
      memoryBytes: 600 * 1024 ** 2 + 5,
    },
  );
  expect(changed).toMatchObject({
    "programs.qemu-system-x86_64": "/usr/bin/other",
    hypervisor_parameters: ["-device", "x"],
    kernel: "/boot/vmlinux",
    kernel_parameters: ["first", "second"],
    vcpus: 3,
    memory_mib: 600,
  });
});

test("sizes are held to what a machine can have", () => {
  expect(() => withVmSection(open, { ...section, memoryBytes: 1_000_000 })).toThrow(
    "vm.hwConfig.memory: must be a whole number from",
  );
  expect(() => withVmSection(open, { ...section, vcpuCount: 9999 })).toThrow("vm.hwConfig.vcpus: must be");
});
