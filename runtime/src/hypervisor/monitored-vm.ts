import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { isAlive } from "../shared/process-identity.ts";
import { endProcess } from "../shared/process-wait.ts";
import { type SavedVm, type Vm, vmFiles } from "./hypervisor.ts";

/** How much of the guest's console an error message quotes. */
const consoleTailLines = 12;
/** Time that a monitor gets to end its VM and clean up before it is killed itself. */
const monitorEndTimeoutMs = 5000;

/** A VM as any verb sees it: through its monitor's process and the files in its directory. */
export function monitoredVm(saved: SavedVm): Vm {
  return {
    saved,
    description: { accel: saved.accel, carrier: saved.carrier },
    isRunning: () => isAlive(saved.monitor) && isAlive(saved.vmm),
    exitMessage: () => exitMessage(saved.directory),
    consoleTail: () => consoleTail(saved.directory),
    kill: async () => killVm(saved),
  };
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
function consoleTail(directory: string): string {
  const path = join(directory, vmFiles.console);
  if (!existsSync(path)) return "";
  const lines = readFileSync(path, "latin1")
    .split(/[\r\n]+/)
    .map((line) => line.replace(/[^\x20-\x7e]/g, "?").trim())
    .filter((line) => line !== "");
  return lines.slice(-consoleTailLines).join("\n");
}
