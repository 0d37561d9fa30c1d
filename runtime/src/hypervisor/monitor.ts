import { errorMessage, isRunvError, RunvError } from "@runv/protocol/errors";
import type { MonitorSpec, ProcessIdentity } from "../../resident/contract/monitor.ts";
import { residentProgram } from "../shared/installation.ts";
import { isAlive } from "../shared/process-identity.ts";
import { type StartedResident, startResident } from "../shared/resident.ts";
import { textsOf } from "../shared/resident-event.ts";
import { parseIdentity } from "./saved-vm.ts";

/** Time from the monitor's start to the VMM's: the helpers' and sockets' own deadlines are shorter. */
const launchTimeoutMs = 20_000;
/** The monitor answers a commit at once, unless it is just ending a VM: killing, last bytes and removal of files have deadlines of their own. */
const lastWordTimeoutMs = 15_000;

export interface StartedMonitor {
  readonly processes: {
    readonly monitor: ProcessIdentity;
    readonly vmm: ProcessIdentity;
    readonly helpers: readonly ProcessIdentity[];
  };
  /** Sentences for the user. */
  readonly warnings: readonly string[];
  /** From here on the monitor and its VM outlive this process; before, they end with it. @throws RunvError when the VM has ended. */
  readonly commit: () => Promise<void>;
  /** LaunchedVm's. */
  readonly endReason: (noticeTimeoutMs: number) => Promise<string | null>;
}

/**
 * Starts a monitor and waits until its VMM runs. `descriptors` become 4, 5, … in the monitor.
 * @throws RunvError with the monitor's own code and sentence when it failed; it has cleaned up then.
 */
export async function startMonitor(
  spec: MonitorSpec,
  descriptors: readonly number[],
  signal: AbortSignal,
): Promise<StartedMonitor> {
  const resident = await startResident(residentProgram("runv-monitor"), {
    what: "virtual machine",
    stdio: ["ignore", "ignore", "ignore"],
    files: descriptors,
    spec,
    timeoutMs: launchTimeoutMs,
    signal,
  });
  const { event } = resident;
  if (event["event"] !== "launched" || !Array.isArray(event["helpers"])) throw unexpected();
  const processes = {
    monitor: { name: "runv-monitor", ...resident.identity },
    vmm: parseIdentity(event["vmm"], "vmm"),
    helpers: event["helpers"].map((helper: unknown) => parseIdentity(helper, "helper")),
  };
  return {
    processes,
    warnings: textsOf(event["warnings"]),
    commit: async () => {
      const answer = resident.nextEvent(lastWordTimeoutMs);
      resident.commit();
      if ((await answer)["event"] !== "committed") throw unexpected();
    },
    endReason: async (noticeTimeoutMs) => {
      const runs = isAlive(processes.monitor) && isAlive(processes.vmm);
      return lastWord(resident, runs ? noticeTimeoutMs : lastWordTimeoutMs);
    },
  };
}

async function lastWord(monitor: StartedResident, timeoutMs: number): Promise<string | null> {
  try {
    await monitor.nextEvent(timeoutMs);
    return null;
  } catch (error) {
    return isRunvError(error, "timeout") ? null : errorMessage(error);
  }
}

function unexpected(): RunvError {
  return new RunvError("internal", "monitor: unexpected answer");
}
