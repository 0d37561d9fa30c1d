import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import type { ProcessIdentity } from "../shared/process-identity.ts";
import { endProcess, waitForEnd } from "../shared/process-wait.ts";
import { systemErrorCode } from "../shared/system-error.ts";
import { type LaunchedVm, type SavedVm, type Vm, vmFiles } from "./hypervisor.ts";
import type { StartedMonitor } from "./monitor.ts";
import { parseIdentity } from "./saved-vm.ts";

/** How much of the guest's console an error message quotes: a panic with its trace. */
const consoleTailLines = 24;
/** Time that a monitor gets to end its VM and clean up before it is killed itself. */
const monitorEndTimeoutMs = 5000;

const monitorLost = "its monitor was killed";

/** A VM as any verb sees it: through its monitor's process and the files in its directory. */
export function monitoredVm(saved: SavedVm): Vm {
  return {
    saved,
    description: { accel: saved.accel, carrier: saved.carrier },
    waitExit: async (timeoutMs) =>
      (await waitForEnd(saved.monitor, timeoutMs)) ? exitMessage(saved.directory) : null,
    kill: async () => killVm(saved),
  };
}

/** What only the verb that launched it knows. */
type Launched = Omit<StartedMonitor, "processes"> & Pick<LaunchedVm, "machine" | "doubts">;

/**
 * The same for the verb that launched it: it holds the console's file, which the monitor removes with the VM's directory when the
 * VM ends before the commit.
 */
export function launchedVm(saved: SavedVm, launched: Launched): LaunchedVm {
  const vm = monitoredVm(saved);
  const console = openIfThere(join(saved.directory, vmFiles.console));
  const close = once(() => {
    if (console !== null) closeSync(console);
  });
  return {
    ...vm,
    machine: launched.machine,
    warnings: launched.warnings,
    doubts: launched.doubts,
    endReason: launched.endReason,
    consoleTail: () => (console === null ? "" : tailOf(readAll(console))),
    kill: async () => {
      close();
      await vm.kill();
    },
    commit: async () => {
      close();
      await launched.commit();
    },
  };
}

/** It is gone already when the VM ended at once. */
function openIfThere(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return null;
    throw error;
  }
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

function readAll(descriptor: number): string {
  const text = Buffer.alloc(fstatSync(descriptor).size);
  return text.subarray(0, readSync(descriptor, text, 0, text.length, 0)).toString("latin1");
}

async function killVm(saved: SavedVm): Promise<void> {
  await endMonitor(saved.monitor);
  // A monitor that was killed takes its children along (PDEATHSIG); these are for the moment between.
  for (const identity of [saved.vmm, ...saved.helpers])
    await endProcess(identity, constants.signals.SIGKILL, monitorEndTimeoutMs);
}

/** Ends a monitor, and with it all that it started. */
async function endMonitor(monitor: ProcessIdentity): Promise<void> {
  await endProcess(monitor, constants.signals.SIGTERM, monitorEndTimeoutMs);
  await endProcess(monitor, constants.signals.SIGKILL, monitorEndTimeoutMs);
}

/**
 * Ends the VM of a directory of which nothing else is known, as far as the monitor's own record can be read.
 * @returns the cgroup directories that it was in
 */
export async function endVmOf(directory: string): Promise<readonly string[]> {
  const record = readRecord(join(directory, vmFiles.monitorRecord));
  const { monitor, cgroups } = record ?? {};
  if (monitor !== undefined) await endMonitor(parseIdentity(monitor, "monitor"));
  return Array.isArray(cgroups) ? cgroups.filter((path) => typeof path === "string") : [];
}

/** A monitor that was killed left none. */
function exitMessage(directory: string): string {
  const { message } = readRecord(join(directory, vmFiles.exitRecord)) ?? { message: monitorLost };
  return typeof message === "string" ? message : "";
}

/** @returns null when there is none that can be read. */
function readRecord(path: string): Readonly<Record<string, unknown>> | null {
  try {
    const record: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof record === "object" && record !== null ? { ...record } : null;
  } catch {
    return null;
  }
}

/** The console is the guest's: control characters are replaced before anybody's terminal sees them. */
function tailOf(console: string): string {
  const lines = console
    .split(/[\r\n]+/)
    .map((line) => line.replace(/[^\x20-\x7e]/g, "?").trim())
    .filter((line) => line !== "");
  return lines.slice(-consoleTailLines).join("\n");
}
