import { RunvError } from "@runv/protocol/errors";
import type { MonitorSpec, ProcessIdentity } from "../../resident/contract/monitor.ts";
import { residentProgram } from "../shared/installation.ts";
import { startResident } from "../shared/resident.ts";
import { parseIdentity } from "./saved-vm.ts";

/** Time from the monitor's start to the VMM's: the helpers' and sockets' own deadlines are shorter. */
const launchTimeoutMs = 20_000;

export interface StartedMonitor {
  readonly processes: {
    readonly monitor: ProcessIdentity;
    readonly vmm: ProcessIdentity;
    readonly helpers: readonly ProcessIdentity[];
  };
  /** From here on the monitor and its VM outlive this process; before, they end with it. */
  readonly commit: () => void;
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
  if (event["event"] !== "launched" || !Array.isArray(event["helpers"]))
    throw new RunvError("internal", "monitor: unexpected answer");
  return {
    processes: {
      monitor: { name: "runv-monitor", ...resident.identity },
      vmm: parseIdentity(event["vmm"], "vmm"),
      helpers: event["helpers"].map((helper: unknown) => parseIdentity(helper, "helper")),
    },
    commit: resident.commit,
  };
}
