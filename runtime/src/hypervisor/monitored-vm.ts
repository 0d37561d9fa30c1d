import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { isAlive } from "../shared/process-identity.ts";
import { endProcess } from "../shared/process-wait.ts";
import { systemErrorCode } from "../shared/system-error.ts";
import { type LaunchedVm, type SavedVm, type Vm, vmFiles } from "./hypervisor.ts";

/** How much of the guest's console an error message quotes: a panic with its trace. */
const consoleTailLines = 24;
/** Time that a monitor gets to end its VM and clean up before it is killed itself. */
const monitorEndTimeoutMs = 5000;

/** A VM as any verb sees it: through its monitor's process and the files in its directory. */
export function monitoredVm(saved: SavedVm): Vm {
  return {
    saved,
    description: { accel: saved.accel, carrier: saved.carrier },
    isRunning: () => isAlive(saved.monitor) && isAlive(saved.vmm),
    exitMessage: () => exitMessage(saved.directory),
    kill: async () => killVm(saved),
  };
}

/**
 * The same for the verb that launched it: it holds the console's file, which the monitor removes with the VM's directory when the
 * VM ends before the commit.
 */
export function launchedVm(saved: SavedVm, commit: () => void): LaunchedVm {
  const vm = monitoredVm(saved);
  const console = openIfThere(join(saved.directory, vmFiles.console));
  const close = once(() => {
    if (console !== null) closeSync(console);
  });
  return {
    ...vm,
    consoleTail: () => (console === null ? "" : tailOf(readAll(console))),
    kill: async () => {
      close();
      await vm.kill();
    },
    commit: () => {
      close();
      commit();
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
  await endProcess(saved.monitor, constants.signals.SIGTERM, monitorEndTimeoutMs);
  await endProcess(saved.monitor, constants.signals.SIGKILL, monitorEndTimeoutMs);
  // A monitor that was killed takes its children along (PDEATHSIG); these are for the moment between.
  for (const identity of [saved.vmm, ...saved.helpers])
    await endProcess(identity, constants.signals.SIGKILL, monitorEndTimeoutMs);
}

function exitMessage(directory: string): string | null {
  const path = join(directory, vmFiles.exitRecord);
  if (!existsSync(path)) return null;
  try {
    const record: unknown = JSON.parse(readFileSync(path, "utf8"));
    const message =
      typeof record === "object" && record !== null && "message" in record ? record.message : "";
    return typeof message === "string" ? message : "";
  } catch {
    return "";
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
