import { kernelOptions } from "../../shared/kernel-options.ts";

/** The carrier is the second: the first is the console. */
const neededPorts = 2;
const option = "CONFIG_SERIAL_8250_NR_UARTS";

/** Why a guest kernel cannot have the carrier isa-serial, as far as the `config` beside it tells; null when nothing is known against it. */
export function serialPortProblem(vmlinux: string): string | null {
  const options = kernelOptions(vmlinux);
  const ports = options?.values.get(option);
  return options === null || ports === undefined || Number(ports) >= neededPorts
    ? null
    : `the guest kernel has ${ports} serial port, which is the console (${option} in ${options.path}: ${neededPorts} are needed)`;
}
