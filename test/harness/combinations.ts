import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import {
  type CarrierChoice,
  carriers,
  type MachineChoice,
  machines,
  type RootfsChoice,
  rootfsDrivers,
} from "../../runtime/src/config/choices.ts";
import { distDirectory } from "./paths.ts";

/** A way for a guest to run and to get its root file system. */
export interface Combination {
  readonly machine: MachineChoice;
  readonly carrier: CarrierChoice;
  readonly rootfs: RootfsChoice;
}

function named<Choice extends string>(choices: Readonly<Record<Choice, string>>): Choice[] {
  return Object.keys(choices).filter(
    (name): name is Choice => name !== "auto" && Object.hasOwn(choices, name),
  );
}

export const combinations: readonly Combination[] = named(machines).flatMap((machine) =>
  named(carriers).flatMap((carrier) => named(rootfsDrivers).map((rootfs) => ({ machine, carrier, rootfs }))),
);

/** Why a combination makes no sense, or cannot be tried on this machine; null when it can. */
export function hindrance({ machine, carrier, rootfs }: Combination): string | null {
  if (carrier === "isa-serial" && machine === "microvm")
    return "the one serial port of microvm is its console";
  if (carrier === "isa-serial" && rootfs === "stream")
    return "a serial port would carry a root file system for minutes";
  return carrierHindrance(carrier);
}

/** The same of a carrier. */
export function carrierHindrance(carrier: string): string | null {
  if (carrier === "vhost-vsock" && !existsSync("/dev/vhost-vsock")) return "needs /dev/vhost-vsock";
  if (carrier !== "isa-serial") return null;
  const config = path.join(process.env["RUNV_GUEST_DIR"] ?? path.join(distDirectory, "guest"), "config");
  const ports = Number(/^CONFIG_SERIAL_8250_NR_UARTS=(\d+)$/m.exec(readFileSync(config, "utf8"))?.[1] ?? 0);
  return ports < 2 ? "needs a guest kernel with two serial ports" : null;
}

const values = (one: Combination): string[] => [one.machine, one.carrier, one.rootfs];

/** Every machine, carrier and driver that occurs in them. */
export const choicesIn = (some: readonly Combination[]): string[] =>
  [...new Set(some.flatMap(values))].sort();

/** Those first that together have every machine, carrier and driver which any of them has. */
export function coveringFirst(all: readonly Combination[]): Combination[] {
  const missing = new Set(all.flatMap(values));
  const chosen: Combination[] = [];
  const gain = (one: Combination): number => values(one).filter((value) => missing.has(value)).length;
  while (missing.size > 0) {
    const best = all.reduce<Combination | null>(
      (leader, one) => (leader === null || gain(one) > gain(leader) ? one : leader),
      null,
    );
    if (best === null) break;
    chosen.push(best);
    for (const value of values(best)) missing.delete(value);
  }
  return [...chosen, ...all.filter((one) => !chosen.includes(one))];
}

/** What became of a combination, in a few words. */
export type Results = ReadonlyMap<Combination, string>;

/** Rows of carriers on machines, columns of drivers. */
export function table(results: Results, accel: string): string {
  const drivers = named(rootfsDrivers);
  const reasons = [...new Set(results.values())].filter((result) => !/^\d+ passed$/.test(result));
  const cell = (result: string | undefined): string => {
    const reason = reasons.indexOf(result ?? "");
    return reason < 0 ? (result ?? "") : `(${reason + 1})`;
  };
  const rows = named(carriers).flatMap((carrier) =>
    named(machines).map((machine) => [
      `${carrier} on ${machine}, ${accel}`,
      ...drivers.map((rootfs) => {
        const one = combinations.find(
          (each) => each.machine === machine && each.carrier === carrier && each.rootfs === rootfs,
        );
        return cell(one && results.get(one));
      }),
    ]),
  );
  const lines = [["", ...drivers], ...rows];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return [
    ...lines.map((line) =>
      line
        .map((text, column) => text.padEnd(widths?.[column] ?? 0))
        .join("  ")
        .trimEnd(),
    ),
    ...reasons.map((reason, index) => `(${index + 1}) ${reason}`),
  ].join("\n");
}
