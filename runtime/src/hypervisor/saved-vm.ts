import { RunvError } from "@runv/protocol/errors";
import type { ProcessIdentity } from "../../resident/contract/monitor.ts";
import type { SavedVm } from "./hypervisor.ts";

/** Accepts what a driver saved. @throws RunvError "internal" naming the member that is wrong. */
export function parseSavedVm(value: unknown): SavedVm {
  const members = parseObject(value, "vm");
  return {
    driver: parseText(members["driver"], "vm.driver"),
    directory: parseText(members["directory"], "vm.directory"),
    monitor: parseIdentity(members["monitor"], "vm.monitor"),
    vmm: parseIdentity(members["vmm"], "vm.vmm"),
    helpers: parseHelpers(members["helpers"]),
    accel: parseText(members["accel"], "vm.accel"),
    carrier: parseText(members["carrier"], "vm.carrier"),
  };
}

function parseHelpers(value: unknown): ProcessIdentity[] {
  if (!Array.isArray(value)) throw damaged("vm.helpers");
  return value.map((helper: unknown, index) => parseIdentity(helper, `vm.helpers[${index}]`));
}

export function parseIdentity(value: unknown, path: string): ProcessIdentity {
  const members = parseObject(value, path);
  return {
    name: parseText(members["name"], `${path}.name`),
    pid: parseCount(members["pid"], `${path}.pid`),
    startTicks: parseCount(members["startTicks"], `${path}.startTicks`),
  };
}

function parseObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw damaged(path);
  return { ...value };
}

function parseText(value: unknown, path: string): string {
  if (typeof value !== "string") throw damaged(path);
  return value;
}

function parseCount(value: unknown, path: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw damaged(path);
  return value;
}

function damaged(path: string): RunvError {
  return new RunvError("internal", `saved virtual machine: ${path}: damaged`);
}
