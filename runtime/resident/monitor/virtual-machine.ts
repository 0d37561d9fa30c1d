import { RunvError } from "@runv/protocol";
import {
  type MonitorEvent,
  type MonitorExit,
  type MonitorSpec,
  monitorContractVersion,
} from "../contract/monitor.ts";
import { joinCgroups, leaveCgroups, removeCgroups } from "../linux/cgroups.ts";
import { closeDescriptors } from "../linux/inherited.ts";
import { setOomScoreAdj } from "../linux/oom-score.ts";
import { attempt, step, stepFailure } from "../linux/system-error.ts";
import { interval, remainingMs } from "../linux/wait.ts";
import * as sys from "../sys.ts";
import { openCarrier } from "./carrier.ts";
import type { Child } from "./child.ts";
import { Family } from "./family.ts";
import type { GuestDialer } from "./guest-dialer.ts";
import { GuestPorts } from "./guest-ports.ts";
import { launchProcesses } from "./launch.ts";
import { ListeningMark } from "./listening-mark.ts";
import { OwnTrees } from "./own-trees.ts";
import { removeDirectory, writeExitRecord, writeMonitorRecord } from "./records.ts";
import { measureTsc } from "./tsc.ts";

/** How long killed processes are waited for. */
const killTimeoutMs = 5000;
/** How long bytes that the guest sent before its end may take to reach their clients. */
const relayDrainTimeoutMs = 1000;
/** How long the proxy of a create that died may take to leave the cgroups that go with it. */
const leavingTimeoutMs = 5000;
const leavingIntervalMs = 20;
/** A verb that dies closes its channel before it is seen to have ended. */
const dyingVerbMs = 200;

type Send = (event: MonitorEvent) => void;

/** One VM, from the spec to its end. Whatever ends it first decides how; the rest is the consequence. */
export class VirtualMachine {
  readonly #spec: MonitorSpec;
  readonly #verbPid = sys.getppid();
  readonly #send: Send;
  readonly #family: Family;
  readonly #mark: ListeningMark;
  readonly #children: Child[] = [];
  readonly #inherited: readonly number[];
  readonly #warnings: string[] = [];
  #ports: GuestPorts | null = null;
  /** What goes if this VM is never committed. */
  #trees: OwnTrees | null = null;
  #committed = false;
  #ending = false;
  #terminated = false;

  /** @param inherited descriptors that came from the verb: those that the spec names are kept until the processes have them. */
  constructor(spec: MonitorSpec, send: Send, inherited: readonly number[]) {
    this.#spec = spec;
    this.#inherited = inherited;
    this.#send = send;
    this.#mark = new ListeningMark(spec.console.listeningMark);
    this.#family = new Family((child) => {
      this.#onChildEnd(child);
    });
  }

  async launch(): Promise<void> {
    try {
      const dialer = this.#prepare();
      await launchProcesses(this.#spec, {
        cid: dialer.cid,
        vmmFd: dialer.vmmFd,
        tscKhz: measureTsc(),
        user: this.#spec.firstUser + sys.getpid(),
        onConsole: (bytes) => this.#mark.read(bytes),
        onFailure: (name, line) => {
          void this.end(exitOf("vmm", null, `${name} has failed: ${line}`));
        },
        adopt: (child) => {
          this.#children.push(child);
          this.#family.add(child);
        },
        checkWanted: () => {
          if (this.#ending) throw new RunvError("cancelled", "the VM is ending");
        },
      });
      if (this.#ending) return;
      dialer.handOver();
      closeDescriptors(this.#inherited);
      this.#send(this.#launchedEvent(dialer.cid));
    } catch (thrown) {
      await this.fail(stepFailure("launch the VM", thrown));
    }
  }

  /** @returns false when the VM is ending: the verb is told so, and what it wanted to keep goes. */
  commit(): boolean {
    if (this.#ending) return false;
    this.#committed = true;
    this.#trees?.release();
    this.#send({ event: "committed" });
    return true;
  }

  reap(): void {
    this.#family.reap();
  }

  /** Ends a VM that was not committed, and leaves nothing of it. The trees come last: they hold the container's id. */
  async fail(error: RunvError): Promise<void> {
    if (!(await this.#endProcesses())) return;
    await this.#removeCgroups();
    this.#trees?.remove();
    this.#send({ event: "failed", code: failureCode(error), message: error.message });
    sys.exit(1);
  }

  /** Ends a committed VM and leaves its exit record. */
  async end(exit: MonitorExit): Promise<void> {
    if (!this.#committed) return this.fail(new RunvError("hypervisor", exit.message));
    if (!(await this.#endProcesses())) return undefined;
    attempt(() => writeExitRecord(this.#spec.exitRecord, exit));
    const { directory, exitRecord, monitorRecord } = this.#spec;
    attempt(() => removeDirectory(directory, [exitRecord, monitorRecord]));
    return sys.exit(0);
  }

  /** After a fault of the monitor itself. */
  async abort(error: RunvError): Promise<void> {
    await (this.#committed ? this.end(exitOf("terminated", null, error.message)) : this.fail(error));
  }

  async terminate(): Promise<void> {
    this.#terminated = true;
    await this.end(exitOf("terminated", null, "the VM's monitor was asked to end it"));
  }

  /** Whoever else will do it is not kept waiting: a verb that lives, or one that deletes the container and has this monitor end. */
  async #removeCgroups(): Promise<void> {
    const sinceMs = sys.monotonicMs();
    const { cgroups } = this.#spec.rollback;
    leaveCgroups(cgroups);
    for (let left = removeCgroups(cgroups); left.length > 0; left = removeCgroups(left)) {
      const timeoutMs = sys.getppid() === this.#verbPid ? dyingVerbMs : leavingTimeoutMs;
      if (this.#terminated || remainingMs(sinceMs + timeoutMs) === 0) return;
      await interval(leavingIntervalMs);
    }
  }

  #prepare(): GuestDialer {
    this.#trees = new OwnTrees([this.#spec.directory, ...this.#spec.rollback.trees]);
    const { monitorRecord, cgroups, oomScoreAdj } = this.#spec;
    step("leave the monitor's record", () => writeMonitorRecord(monitorRecord, cgroups));
    joinCgroups(cgroups);
    const warning = setOomScoreAdj(oomScoreAdj);
    if (warning !== null) this.#warnings.push(warning);
    const dialer = openCarrier(this.#spec.carrier);
    this.#ports = new GuestPorts(this.#mark.guard(dialer));
    this.#ports.serveConnect(this.#spec.sockets.vsock);
    this.#ports.servePort(this.#spec.sockets.agent, this.#spec.controlPort);
    return dialer;
  }

  #launchedEvent(cid: number): MonitorEvent {
    const identities = this.#children.map((child) => child.identity());
    const vmm = identities.pop();
    if (vmm === undefined) throw new RunvError("internal", "spec: processes: there is no VMM");
    return { event: "launched", vmm, helpers: identities, cid, warnings: this.#warnings };
  }

  #onChildEnd(child: Child): void {
    if (this.#ending) return;
    const ordinary = child.isVmm && child.end?.exitCode === 0 && child.end.signal === 0 && this.#committed;
    const message = ordinary ? "" : child.describeEnd();
    void this.end(exitOf(child.isVmm ? "vmm" : "helper", child, message));
  }

  /** @returns false when somebody else is at it already. */
  async #endProcesses(): Promise<boolean> {
    if (this.#ending) return false;
    this.#ending = true;
    this.#ports?.stopListening();
    this.#mark.endWaits();
    this.#family.killAll();
    await this.#family.allEnded(killTimeoutMs);
    await this.#ports?.idle(relayDrainTimeoutMs);
    return true;
  }
}

function exitOf(cause: MonitorExit["cause"], child: Child | null, message: string): MonitorExit {
  const { exitCode, signal } = child?.end ?? { exitCode: 0, signal: 0 };
  return { version: monitorContractVersion, cause, exitCode, signal, message };
}

type FailureCode = Extract<MonitorEvent, { event: "failed" }>["code"];
const failureCodes: readonly FailureCode[] = ["unavailable", "hypervisor", "resource-exhausted", "internal"];

function failureCode(error: RunvError): FailureCode {
  return failureCodes.find((code) => code === error.code) ?? "hypervisor";
}
