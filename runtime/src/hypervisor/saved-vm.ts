import { RunvError } from "@runv/protocol/errors";
import type { ProcessIdentity } from "../../resident/contract/monitor.ts";
import { type MemoryRange, memoryBlockMib, type SavedVm, type SpareParts } from "./hypervisor.ts";

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
    spare: parseSpare(members["spare"]),
  };
}

/** A machine that an earlier runv has started has none. */
function parseSpare(value: unknown): SpareParts {
  if (value === undefined) return { mostVcpus: 0, memory: [] };
  const members = parseObject(value, "vm.spare");
  const memory = members["memory"];
  if (!Array.isArray(memory)) throw damaged("vm.spare.memory");
  return {
    mostVcpus: parseCount(members["mostVcpus"], "vm.spare.mostVcpus"),
    memory: memory.map((range: unknown, index) => parseRange(range, `vm.spare.memory[${index}]`)),
  };
}

function parseRange(value: unknown, path: string): MemoryRange {
  const members = parseObject(value, path);
  return {
    startMib: parseBlocks(members["startMib"], `${path}.startMib`),
    sizeMib: parseBlocks(members["sizeMib"], `${path}.sizeMib`),
  };
}

function parseBlocks(value: unknown, path: string): number {
  const mib = parseCount(value, path);
  if (mib % memoryBlockMib !== 0) throw damaged(path);
  return mib;
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
