import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { errorMessage, RunvError } from "@runv/protocol/errors";
import { pollUntil, withDeadline } from "../shared/deadlines.ts";
import { hasUnifiedCgroups, hostCgroupDirectories } from "./host-cgroup.ts";
import type { HostLimit } from "./host-limits.ts";
import { annotatedProperties } from "./property-annotations.ts";
import {
  callManager,
  propertyWords,
  systemdFinding,
  systemdVersion,
  type UnitState,
  unitState,
} from "./systemd-bus.ts";
import { scopeName } from "./systemd-path.ts";
import { flag, limitProperties, text, type UnitProperty } from "./unit-properties.ts";

/** How long systemd may take to start or stop a unit, on a host that has much else to do. */
const unitJobTimeoutMs = 30_000;
const unitPollMs = 10;

/** A scope that systemd is to make: the cgroup of a container. */
export interface ScopeRequest {
  readonly unit: string;
  readonly slice: string;
  readonly description: string;
  readonly properties: readonly UnitProperty[];
  /** Absolute paths, one in each hierarchy. */
  readonly cgroups: readonly string[];
  /** In systemd's own hierarchy. */
  readonly path: string;
}

/** The container that a scope is of. */
export interface ScopeOwner {
  readonly id: string;
  /** No other container has it. */
  readonly vmDirectory: string;
}

/**
 * @param cgroupsPath "slice:prefix:name", or empty
 * @throws RunvError that says why it cannot be had, before anything is done
 */
export function scopeRequest(
  cgroupsPath: string,
  owner: ScopeOwner,
  annotations: Readonly<Record<string, string>>,
): ScopeRequest {
  const { problem, remedy } = systemdFinding();
  if (problem !== null)
    throw new RunvError("unavailable", `${problem} (${remedy ?? "leave out --systemd-cgroup"})`);
  const { unit, slice, path } = scopeName(cgroupsPath, owner.id);
  const whole = `${systemdRoot(readFileSync("/proc/1/cgroup", "utf8"))}/${path}`;
  return {
    unit,
    slice,
    description: descriptionOf(owner),
    properties: annotatedProperties(annotations),
    cgroups: hostCgroupDirectories(whole),
    path: whole,
  };
}

/** By it a unit is known as this container's: the name may be another's by now. */
function descriptionOf({ id, vmDirectory }: ScopeOwner): string {
  return `runv container ${id} (${basename(vmDirectory)})`;
}

/** @param cgroup of process 1, which is systemd and sits in a scope of its own. @returns the path that its slices are below */
export function systemdRoot(cgroup: string): string {
  const own = ownPaths(cgroup)[0] ?? "/";
  return own.replace(/\/(?:init\.scope)?$/, "");
}

/** The paths in the hierarchies that systemd tells processes apart by (cgroups(7)). */
function ownPaths(cgroup: string): string[] {
  return cgroup
    .split("\n")
    .map((line) => /^\d+:(?:name=systemd)?:(.*)$/.exec(line)?.[1])
    .filter((path) => path !== undefined);
}

/**
 * Has systemd make the scope with one process in it, and returns when it is there. The scope goes when its last process has ended, whoever
 * that is and however it ended.
 */
export async function startScope(request: ScopeRequest, pid: number, signal: AbortSignal): Promise<void> {
  const what = `cgroup: systemd: waiting for ${request.unit}`;
  await withDeadline(unitJobTimeoutMs, what, signal, async (waiting) => {
    await askForScope(request, pid, waiting);
    await pollUntil(unitPollMs, waiting, async () => isPlaced(request, pid, waiting));
  });
}

async function askForScope(request: ScopeRequest, pid: number, signal: AbortSignal): Promise<void> {
  const { unit } = request;
  const properties = [
    text("Description", request.description),
    text("Slice", request.slice),
    flag("Delegate", true),
    ...["MemoryAccounting", "CPUAccounting", "IOAccounting", "TasksAccounting"].map((name) =>
      flag(name, true),
    ),
    flag("DefaultDependencies", false),
    // One whose processes were killed, say for memory, goes as well.
    text("CollectMode", "inactive-or-failed"),
    ...request.properties,
    { name: "PIDs", signature: "au", words: ["1", String(pid)] },
  ];
  const start = async (): Promise<void> =>
    callManager(
      "StartTransientUnit",
      ["ssa(sv)a(sa(sv))", unit, "fail", ...propertyWords(properties), "0"],
      signal,
    );
  try {
    await start();
  } catch (error) {
    const found = await unitState(unit, signal);
    if (found.load === "not-found") throw error;
    if (found.active !== "failed") throw taken(unit, found, error);
    // Of no use to anybody, and in the way.
    await callManager("ResetFailedUnit", ["s", unit], signal);
    await start();
  }
}

function taken(unit: string, { description, active }: UnitState, cause: unknown): RunvError {
  return new RunvError(
    "already-exists",
    `cgroup: systemd has a unit ${unit} already: ${active}: ${description} (stop it, or name another in linux.cgroupsPath)`,
    { cause },
  );
}

/** @returns null while systemd is at it. @throws RunvError with what systemd tells of a unit that did not come to be */
async function isPlaced(
  { unit, path }: ScopeRequest,
  pid: number,
  signal: AbortSignal,
): Promise<true | null> {
  if (isIn(pid, path)) return true;
  const { active, sub, isBusy } = await unitState(unit, signal);
  if (isBusy) return null;
  if (isIn(pid, path)) return true;
  const why = `${active} (${sub}): see journalctl --unit ${unit}`;
  throw new RunvError("internal", `cgroup: systemd has not put the container into ${path}: ${unit}: ${why}`);
}

function isIn(pid: number, path: string): boolean {
  const file = `/proc/${pid}/cgroup`;
  return existsSync(file) && ownPaths(readFileSync(file, "utf8")).includes(path);
}

/**
 * Tells systemd of limits, so that it does not undo them when it writes what it knows. They hold from then on as far as it knows them.
 * @param cgroups of the scope
 * @param warn is told when systemd does not take them
 */
export async function limitScope(
  cgroups: readonly string[],
  limits: readonly HostLimit[],
  warn: (sentence: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (limits.length === 0) return;
  const unit = unitOf(cgroups);
  try {
    const host = { isUnified: hasUnifiedCgroups(), systemdVersion: await systemdVersion(signal) };
    const properties = limitProperties(limits, host);
    if (properties.length === 0) return;
    // Not for the next boot.
    await callManager("SetUnitProperties", ["sba(sv)", unit, "true", ...propertyWords(properties)], signal);
  } catch (error) {
    warn(`cgroup: systemd does not know the limits of ${unit}, and may undo them: ${errorMessage(error)}`);
  }
}

/**
 * Ends the scope with whatever is still in it, and returns when systemd has forgotten it.
 * @returns false when its name is another's by now
 */
export async function stopScope(
  cgroups: readonly string[],
  owner: ScopeOwner,
  signal: AbortSignal,
): Promise<boolean> {
  const unit = unitOf(cgroups);
  const what = `cgroup: systemd: waiting for the end of ${unit}`;
  return withDeadline(unitJobTimeoutMs, what, signal, async (waiting) => {
    const found = await unitState(unit, waiting);
    if (found.load === "not-found") return true;
    if (found.description !== descriptionOf(owner)) return false;
    // It may go by itself at any moment.
    await callManager("StopUnit", ["ss", unit, "replace"], waiting).catch(() => undefined);
    await pollUntil(unitPollMs, waiting, async () => isForgotten(unit, owner, waiting));
    return true;
  });
}

async function isForgotten(unit: string, owner: ScopeOwner, signal: AbortSignal): Promise<true | null> {
  const { load, active, description } = await unitState(unit, signal);
  if (load === "not-found" || description !== descriptionOf(owner)) return true;
  if (active === "failed") await callManager("ResetFailedUnit", ["s", unit], signal).catch(() => undefined);
  return null;
}

/** The name of a scope is the last of its cgroup's path, in every hierarchy. */
function unitOf([first = ""]: readonly string[]): string {
  return basename(first);
}
