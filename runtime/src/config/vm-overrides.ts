import { posix } from "node:path";
import { RunvError } from "@runv/protocol/errors";
import { guestDirectories } from "../shared/installation.ts";
import type { VmSection } from "../shared/vm-section.ts";
import { assigned } from "./assign.ts";
import { hypervisorPrograms, type VmOverride } from "./choices.ts";
import { type Given, givenText } from "./given.ts";
import { schema } from "./schema.ts";
import type { SettingKey, Settings } from "./settings.ts";

const bytesPerMib = 1_048_576;

/** A setting that a member of `vm` gives. */
interface Override {
  readonly member: VmOverride;
  readonly key: SettingKey;
  readonly given: Given;
}

/**
 * The settings of one container: those of the host, with what `vm` of its config.json says. What `allowed_vm` does not list is refused,
 * never passed over; a kernel among the guest files is the operator's own, and allowed as such.
 * @throws RunvError that names the member.
 */
export function withVmSection(host: Settings, vm: VmSection | null): Settings {
  if (vm === null) return host;
  return overridesOf(vm, host).reduce((settings, { member, key, given }) => {
    const error = (code: "invalid-argument" | "permission", why: string): RunvError =>
      new RunvError(code, `config.json: vm.${member}: ${why}`, { context: { field: `vm.${member}` } });
    if (!isAllowed(member, vm, host))
      throw error(
        "permission",
        `this host does not allow it (allowed_vm in its configuration: ${host.allowed_vm.join(", ") || "none"})`,
      );
    return assigned(settings, { key, given, type: schema[key].type }, (why) => {
      throw error("invalid-argument", why);
    });
  }, host);
}

function isAllowed(member: VmOverride, { kernelPath }: VmSection, host: Settings): boolean {
  if (host.allowed_vm.includes(member)) return true;
  const path = posix.resolve(kernelPath);
  return (
    member === "kernel.path" &&
    guestDirectories(host.guest_dir).some((directory) => path.startsWith(`${posix.resolve(directory)}/`))
  );
}

function overridesOf(vm: VmSection, host: Settings): readonly Override[] {
  const overrides: Override[] = [
    { member: "kernel.path", key: "kernel", given: givenText(posix.resolve(vm.kernelPath)) },
  ];
  if (vm.kernelParameters.length > 0)
    overrides.push({
      member: "kernel.parameters",
      key: "kernel_parameters",
      given: givenTexts([...host.kernel_parameters, ...vm.kernelParameters]),
    });
  if (vm.hypervisorPath !== null) {
    const program = hypervisorPrograms[host.hypervisor];
    overrides.push({
      member: "hypervisor.path",
      key: `programs.${program}`,
      given: givenText(vm.hypervisorPath),
    });
  }
  if (vm.hypervisorParameters.length > 0)
    overrides.push({
      member: "hypervisor.parameters",
      key: "hypervisor_parameters",
      given: givenTexts([...host.hypervisor_parameters, ...vm.hypervisorParameters]),
    });
  if (vm.vcpuCount !== null)
    overrides.push({ member: "hwConfig.vcpus", key: "vcpus", given: givenInteger(vm.vcpuCount) });
  if (vm.memoryBytes !== null)
    overrides.push({
      member: "hwConfig.memory",
      key: "memory_mib",
      given: { ...givenInteger(Math.floor(vm.memoryBytes / bytesPerMib)), source: mibOf(vm.memoryBytes) },
    });
  return overrides;
}

function mibOf(bytes: number): string {
  return `${bytes} bytes, ${Math.floor(bytes / bytesPerMib)} MiB`;
}

function givenTexts(values: readonly string[]): Given {
  return { kind: "list", value: values.map(givenText), source: JSON.stringify(values) };
}

function givenInteger(value: number): Given {
  return { kind: "integer", value, source: String(value) };
}
