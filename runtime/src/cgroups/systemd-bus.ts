import { existsSync } from "node:fs";
import { RunvError } from "@runv/protocol/errors";
import { absent, type Capability, type Finding, present } from "../shared/capability.ts";
import { findProgram } from "../shared/installation.ts";
import { helperTimeoutMs } from "../shared/limits.ts";
import { runProgram } from "../shared/run-program.ts";
import type { UnitProperty } from "./unit-properties.ts";

/** systemd's own program for its bus; with it comes what it talks to. */
const program = "busctl";
/** sd_booted(3). */
const bootedMark = "/run/systemd/system";
const service = "org.freedesktop.systemd1";
const managerPath = "/org/freedesktop/systemd1";

/** Where the system bus is, unless the environment says otherwise (sd_bus_open_system(3)); systemd's own socket is not for busctl. */
const busSocket = "/run/dbus/system_bus_socket";
const busVariable = "DBUS_SYSTEM_BUS_ADDRESS";

/** Whether containers can be placed by systemd: none needs it who is not asked for `--systemd-cgroup`. */
export function systemdSupport(): Capability {
  return { name: "--systemd-cgroup", needs: "none", findings: [systemdFinding()] };
}

/** In runc's words where runc cannot either. @param mark of a systemd that runs */
export function systemdFinding(mark = bootedMark): Finding {
  if (!existsSync(mark))
    return absent("systemd", "systemd not running on this host, cannot use systemd cgroups manager");
  const path = findProgram(program, {});
  if (path === null)
    return absent("systemd", `its program ${program} is not installed`, "apt-get install systemd");
  if (!existsSync(busSocket) && process.env[busVariable] === undefined)
    return absent("systemd", `the system bus cannot be reached: no ${busSocket}`, "apt-get install dbus");
  return present("systemd", path);
}

/** A unit as far as systemd knows it. */
export interface UnitState {
  /** "not-found" where there is none. */
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  readonly description: string;
  /** Something is still being done with it. */
  readonly isBusy: boolean;
}

/** Calls a method of systemd's manager. @throws RunvError "internal" with systemd's words */
export async function callManager(
  method: string,
  [signature, ...words]: readonly [signature: string, ...words: string[]],
  signal: AbortSignal,
): Promise<void> {
  const place = [service, managerPath, `${service}.Manager`];
  await busctl(["call", ...place, method, signature, ...words], `systemd: ${method}`, signal);
}

/** Properties as the words of an argument of the type a(sv). */
export function propertyWords(properties: readonly UnitProperty[]): string[] {
  const words = properties.flatMap((property) => [property.name, property.signature, ...property.words]);
  return [String(properties.length), ...words];
}

export async function unitState(unit: string, signal: AbortSignal): Promise<UnitState> {
  const names = ["LoadState", "ActiveState", "SubState", "Description", "Job"];
  const [load, active, sub, description, job] = await properties(unitPath(unit), "Unit", names, signal);
  return {
    load: String(load),
    active: String(active),
    sub: String(sub),
    description: String(description),
    // A number and a path; 0: none.
    isBusy: Array.isArray(job) && job[0] !== 0,
  };
}

let knownVersion: number | null = null;

/** @returns the number that its version begins with; asked once. */
export async function systemdVersion(signal: AbortSignal): Promise<number> {
  knownVersion ??= await askVersion(signal);
  return knownVersion;
}

async function askVersion(signal: AbortSignal): Promise<number> {
  const [version] = await properties(managerPath, "Manager", ["Version"], signal);
  return Number(/\d+/.exec(String(version))?.[0] ?? 0);
}

async function properties(
  path: string,
  kind: "Manager" | "Unit",
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const words = ["get-property", service, path, `${service}.${kind}`, ...names];
  const lines = (await busctl(words, "systemd: properties", signal)).split("\n");
  return lines.map(parseProperty);
}

function parseProperty(line: string): unknown {
  const property: unknown = JSON.parse(line);
  if (typeof property !== "object" || property === null || !("data" in property))
    throw new RunvError("internal", `systemd: ${program}: unexpected answer: ${line}`);
  return property.data;
}

async function busctl(words: readonly string[], what: string, signal: AbortSignal): Promise<string> {
  const path = findProgram(program, {});
  if (path === null) throw new RunvError("unavailable", `${what}: the program ${program} is not installed`);
  return runProgram(path, ["--json=short", "--", ...words], { what, timeoutMs: helperTimeoutMs, signal });
}

/** The object of a unit: letters and digits stand for themselves (sd_bus_path_encode(3)). */
function unitPath(unit: string): string {
  const escaped = unit.replace(
    /[^A-Za-z0-9]|^\d/g,
    (letter) => `_${letter.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `${managerPath}/unit/${escaped}`;
}
