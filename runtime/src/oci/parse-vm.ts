import type { JsonCursor } from "../shared/json-cursor.ts";
import type { VmSection } from "../shared/vm-section.ts";
import { absolutePath } from "./values.ts";

/** What there is of it goes to the kernel in one line, which has 2,048 bytes on x86 (COMMAND_LINE_SIZE) with runv's own part. */
const maxKernelParametersBytes = 1024;
const maxArguments = 256;

const impossible: Readonly<Record<string, string>> = {
  deviceTree: "machines of x86 have none",
  dtdevs: "machines of x86 have no device tree",
  iomems: "no memory of the host is passed through",
  irqs: "no interrupts of the host are passed through",
};

/** Accepts `vm` of config.json; null when it asks for nothing. Whether this host allows it is the configuration's to say. */
export function parseVm(vm: JsonCursor): VmSection | null {
  if (vm.isNeutral) return null;
  const [kernel, hypervisor] = [vm.member("kernel"), vm.member("hypervisor")];
  const [initrd, image] = [kernel.member("initrd"), vm.member("image")];
  if (!initrd.isNeutral) initrd.refuse("a guest boots runv's own, which holds the agent");
  if (!image.isNeutral)
    image.refuse("a guest has no root image: the agent is all there is beside the container");
  if (!kernel.member("path").isPresent) kernel.member("path").fail("is required");
  const hardware = parseHardware(vm);
  return {
    hypervisorPath: parseHypervisorPath(hypervisor),
    hypervisorParameters: parseArguments(hypervisor.member("parameters")),
    kernelPath: absolutePath(kernel.member("path")),
    kernelParameters: parseKernelParameters(kernel.member("parameters")),
    ...hardware,
  };
}

function parseHypervisorPath(hypervisor: JsonCursor): string | null {
  if (!hypervisor.isPresent || hypervisor.isNeutral) return null;
  const path = hypervisor.member("path");
  return path.isPresent ? absolutePath(path) : path.fail("is required");
}

function parseArguments(parameters: JsonCursor): readonly string[] {
  const parsed = parameters.strings();
  if (parsed.length > maxArguments) parameters.fail(`must have at most ${maxArguments} elements`);
  return parsed;
}

/** Braces stand for numbers that are filled in when the machine starts. */
function parseKernelParameters(parameters: JsonCursor): readonly string[] {
  const parsed = parameters.array((parameter) => {
    const text = parameter.string();
    if (!/^[\x20-\x7a|~]+$/.test(text)) parameter.fail("must be printable ASCII without braces");
    return text;
  });
  if (parsed.join(" ").length > maxKernelParametersBytes)
    parameters.fail(`must have at most ${maxKernelParametersBytes} characters`);
  return parsed;
}

/** The text of the specification and its schema say `hwConfig`, its Go structure `hwconfig`. */
function parseHardware(vm: JsonCursor): Pick<VmSection, "vcpuCount" | "memoryBytes"> {
  const hardware = vm.member(vm.member("hwConfig").isPresent ? "hwConfig" : "hwconfig");
  for (const [name, why] of Object.entries(impossible)) {
    const member = hardware.member(name);
    if (!member.isNeutral) member.refuse(why);
  }
  return {
    vcpuCount: hardware.member("vcpus").optional((count) => count.integer(1, 65_536), null),
    memoryBytes: hardware
      .member("memory")
      .optional((bytes) => bytes.integer(1, Number.MAX_SAFE_INTEGER), null),
  };
}
