import { expect, test } from "vitest";
import { parseSpec } from "../../../../runtime/src/oci/parse-spec.ts";
import { minimalSpec, withMember } from "./minimal-spec.ts";

const parse = (vm: unknown) =>
  parseSpec(withMember(minimalSpec(), "vm", vm), (sentence) => {
    throw new Error(`unexpected warning: ${sentence}`);
  }).vm;
const kernel = { path: "/boot/vmlinux" };

test("an absent or empty section asks for nothing", () => {
  expect([parse(undefined), parse({}), parse({ hypervisor: { path: "", parameters: [] } })]).toEqual([
    null,
    null,
    null,
  ]);
});

test("every member", () => {
  const hwConfig = { vcpus: 2, memory: 2 ** 30 };
  const expected = {
    hypervisorPath: "/usr/bin/vmm",
    hypervisorParameters: ["-x"],
    kernelPath: "/boot/vmlinux",
    kernelParameters: ["a=b"],
    vcpuCount: 2,
    memoryBytes: 2 ** 30,
  };
  const vm = {
    hypervisor: { path: "/usr/bin/vmm", parameters: ["-x"] },
    kernel: { ...kernel, parameters: ["a=b"] },
  };
  expect(parse({ ...vm, hwConfig })).toEqual(expected);
  expect(parse({ ...vm, hwconfig: hwConfig })).toEqual(expected);
});

const refused: readonly (readonly [vm: unknown, message: string])[] = [
  [{ kernel: { ...kernel, initrd: "/boot/initrd" } }, "vm.kernel.initrd: a guest boots runv's own"],
  [{ kernel, image: { path: "/img", format: "raw" } }, "vm.image: a guest has no root image"],
  [{ kernel, hwConfig: { deviceTree: "/x" } }, "vm.hwConfig.deviceTree: machines of x86 have none"],
  [{ kernel, hwConfig: { dtdevs: ["x"] } }, "vm.hwConfig.dtdevs: machines of x86"],
  [{ kernel, hwConfig: { iomems: [{ firstMFN: 1 }] } }, "vm.hwConfig.iomems: no memory of the host"],
  [{ kernel, hwconfig: { irqs: [1] } }, "vm.hwconfig.irqs: no interrupts"],
  [{ hwConfig: { vcpus: 1 } }, "vm.kernel.path: is required"],
  [{ kernel: { path: "vmlinux" } }, "vm.kernel.path: must be an absolute path"],
  [{ kernel, hypervisor: { parameters: ["-x"] } }, "vm.hypervisor.path: is required"],
  [{ kernel: { ...kernel, parameters: ["{fd:qmp}"] } }, "vm.kernel.parameters[0]: must be printable"],
  [{ kernel: { ...kernel, parameters: ["a\nb"] } }, "vm.kernel.parameters[0]: must be printable"],
  [{ kernel: { ...kernel, parameters: ["x".repeat(1025)] } }, "vm.kernel.parameters: must have at most 1024"],
  [{ kernel, hwConfig: { vcpus: 0 } }, "vm.hwConfig.vcpus: must be an integer from 1"],
];

test.each(refused)("%j", (vm, message) => {
  expect(() => parse(vm)).toThrow(message);
});
