import { accessSync, constants, existsSync } from "node:fs";
import { errorMessage } from "@runv/protocol/errors";
import { findProgram, type ProgramPaths } from "../../shared/installation.ts";
import { runProgram } from "../../shared/run-program.ts";
import type { ProbeRequest } from "../hypervisor.ts";
import { kvmProblem, kvmRemedy } from "./accel.ts";
import { vhostUserProgram, vhostVsockDevice } from "./carriers.ts";
import { program } from "./program.ts";
import { serialPortProblem } from "./serial-ports.ts";
import { emulatorVersion, versionProblem } from "./version.ts";
import { findVirtiofsd, virtiofsdFlaw, virtiofsdProblem } from "./virtiofsd.ts";

/** A program asked for its version and what it is built with. */
const askTimeoutMs = 10_000;

/** What was seen on a host; each `problem` in words, null where there is none. */
export interface HostFacts {
  readonly emulator: {
    readonly problem: string | null;
    readonly path: string;
    readonly version: string;
    readonly accels: readonly string[];
    readonly machines: readonly string[];
    readonly devices: readonly string[];
  };
  readonly kvm: { readonly problem: string | null; readonly remedy: string | null };
  readonly vhostVsock: { readonly problem: string | null; readonly path: string };
  /** `version` with the path. */
  readonly vhostUser: { readonly problem: string | null; readonly version: string };
  readonly virtiofsd: {
    readonly problem: string | null;
    readonly path: string;
    readonly flaw: string | null;
  };
  /** Those of the guest's kernel. */
  readonly serialPorts: { readonly problem: string | null };
}

/** Looks; nothing is changed, and what fails is a fact, too. */
export async function lookAtHost({
  programs,
  vmlinux,
  signal,
}: Pick<ProbeRequest, "programs" | "vmlinux" | "signal">): Promise<HostFacts> {
  const problem = kvmProblem();
  return {
    emulator: await lookAtEmulator(programs, signal),
    serialPorts: { problem: vmlinux === null ? null : serialPortProblem(vmlinux) },
    kvm: { problem, remedy: problem === null ? null : kvmRemedy() },
    vhostVsock: { problem: deviceProblem(vhostVsockDevice), path: vhostVsockDevice },
    vhostUser: await lookAtVhostUser(programs, signal),
    virtiofsd: await lookAtVirtiofsd(programs, signal),
  };
}

async function lookAtEmulator(programs: ProgramPaths, signal: AbortSignal): Promise<HostFacts["emulator"]> {
  const nothing = { path: "", version: "", accels: [], machines: [], devices: [] };
  try {
    const path = findProgram(program, programs);
    if (path === null) return { ...nothing, problem: `the program ${program} is not installed` };
    const ask = async (...args: readonly string[]): Promise<string> => askEmulator(path, args, signal);
    const version = await emulatorVersion(path, signal);
    const tooOld = versionProblem(version);
    if (tooOld !== null) return { ...nothing, problem: tooOld };
    return {
      problem: null,
      path,
      version,
      accels: words(await ask("-accel", "help"), /^(\w+)$/gm),
      machines: words(await ask("-machine", "help"), /^([\w.-]+) {2,}/gm),
      devices: await devicesOf(path, signal),
    };
  } catch (error) {
    return { ...nothing, problem: errorMessage(error) };
  }
}

/** Names of the devices that it was built with; none when it is not installed. @throws RunvError when it cannot say */
export async function emulatorDevices(programs: ProgramPaths, signal: AbortSignal): Promise<string[]> {
  const path = findProgram(program, programs);
  return path === null ? [] : devicesOf(path, signal);
}

async function devicesOf(path: string, signal: AbortSignal): Promise<string[]> {
  return words(await askEmulator(path, ["-device", "help"], signal), /^name "([^"]+)"/gm);
}

async function askEmulator(path: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  return runProgram(path, args, { what: "hypervisor", timeoutMs: askTimeoutMs, signal });
}

async function lookAtVhostUser(programs: ProgramPaths, signal: AbortSignal): Promise<HostFacts["vhostUser"]> {
  try {
    const path = findProgram(vhostUserProgram, programs);
    if (path === null) return { problem: `the program ${vhostUserProgram} is not installed`, version: "" };
    const answer = await runProgram(path, ["--version"], {
      what: "carrier",
      timeoutMs: askTimeoutMs,
      signal,
    });
    return { problem: null, version: `${vhostUserProgram} ${versionIn(answer)}, ${path}` };
  } catch (error) {
    return { problem: errorMessage(error), version: "" };
  }
}

async function lookAtVirtiofsd(programs: ProgramPaths, signal: AbortSignal): Promise<HostFacts["virtiofsd"]> {
  try {
    const flaw = await virtiofsdFlaw(programs, signal);
    return { problem: virtiofsdProblem(programs), path: findVirtiofsd(programs) ?? "", flaw };
  } catch (error) {
    return { problem: errorMessage(error), path: "", flaw: null };
  }
}

function deviceProblem(path: string): string | null {
  if (!existsSync(path)) return `${path} is missing`;
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    return `${path} cannot be opened: ${errorMessage(error)}`;
  }
}

function versionIn(answer: string): string {
  return /\d+(\.\d+)+/.exec(answer)?.[0] ?? "of an unknown version";
}

function words(answer: string, pattern: RegExp): string[] {
  return [...answer.matchAll(pattern)].flatMap(([, word]) => word ?? []);
}
