import type { RunvError } from "@runv/protocol";
import { openVerbChannel } from "../channel/verb.ts";
import type { MonitorEvent } from "../contract/monitor.ts";
import { inheritedDescriptors } from "../linux/inherited.ts";
import { catchableSignals, signal } from "../linux/signals.ts";
import { stepFailure } from "../linux/system-error.ts";
import { parseMonitorSpec } from "../parse/monitor-spec.ts";
import * as sys from "../sys.ts";
import { becomeDaemon } from "./daemon.ts";
import { VirtualMachine } from "./virtual-machine.ts";

/** The parent of one VM's processes: starts them, gives the host its two sockets to the guest, and ends with them. */
const inherited = inheritedDescriptors();
becomeDaemon();
let machine: VirtualMachine | null = null;

const channel = openVerbChannel({
  onSpec: (value) => {
    machine = new VirtualMachine(parseMonitorSpec(value), send, inherited);
    void machine.launch();
  },
  onCommit: () => machine?.commit() ?? false,
  onGone: (reason) => giveUp(reason),
});

function send(event: MonitorEvent): void {
  channel.send(event);
}

/** @param reason is told to the verb in case that it still listens. */
function giveUp(reason: RunvError): void {
  if (machine !== null) {
    void machine.abort(reason);
    return;
  }
  send({ event: "failed", code: "internal", message: reason.message });
  sys.exit(1);
}

sys.watchSignals(catchableSignals([]), (number) => {
  if (number === signal.child) machine?.reap();
  if (number !== signal.terminate && number !== signal.interrupt) return;
  if (machine === null) sys.exit(1);
  void machine.terminate();
});
sys.runLoop((error) => giveUp(stepFailure("monitor", error)));
