import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The carrier is the second: the first is the console. */
const neededPorts = 2;

/** Why a guest kernel cannot have the carrier isa-serial, as far as the `config` beside it tells; null when nothing is known against it. */
export function serialPortProblem(vmlinux: string): string | null {
  const config = join(dirname(vmlinux), "config");
  const ports = configuredPorts(config);
  return ports === null || ports >= neededPorts
    ? null
    : `the guest kernel has ${ports} serial port, which is the console (CONFIG_SERIAL_8250_NR_UARTS in ${config}: ${neededPorts} are needed)`;
}

/** null: not known. */
function configuredPorts(config: string): number | null {
  try {
    const [, count] = /^CONFIG_SERIAL_8250_NR_UARTS=(\d+)$/m.exec(readFileSync(config, "utf8")) ?? [];
    return count === undefined ? null : Number(count);
  } catch {
    return null;
  }
}
