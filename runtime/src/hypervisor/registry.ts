import { RunvError } from "@runv/protocol/errors";
import type { HypervisorName } from "../config/choices.ts";
import { excerpt } from "../shared/excerpt.ts";
import type { Hypervisor, Vm } from "./hypervisor.ts";
import { qemu } from "./qemu/driver.ts";

/** Every driver there is. */
export const hypervisors: Readonly<Record<HypervisorName, Hypervisor>> = { qemu };

/** The VM of a saved description, by the driver that made it. */
export function attachVm(saved: unknown): Vm {
  const name = typeof saved === "object" && saved !== null && "driver" in saved ? saved.driver : undefined;
  const driver = Object.values(hypervisors).find((candidate) => candidate.name === name);
  if (driver === undefined)
    throw new RunvError("internal", `state: hypervisor: unknown driver: ${excerpt(String(name))}`);
  return driver.attach(saved);
}
