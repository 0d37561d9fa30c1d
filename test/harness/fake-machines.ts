import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import path from "node:path";
import { protocolVersion } from "@runv/protocol";
import { RunvError } from "@runv/protocol/errors";
import type { Agent } from "../../runtime/src/agent-client/agent.ts";
import type { ProxyOptions } from "../../runtime/src/container/proxy.ts";
import type { Hypervisor, LaunchedVm, SavedVm, Vm, VmSpec } from "../../runtime/src/hypervisor/hypervisor.ts";
import { identifyProcess, type ProcessIdentity } from "../../runtime/src/shared/process-identity.ts";
import type { StartedResident } from "../../runtime/src/shared/resident.ts";

/** A process of the host that only waits: what stands for a container's process, and for a virtual machine's. */
function waiter(): { readonly child: ChildProcess; readonly identity: ProcessIdentity } {
  const child = spawn("sleep", ["infinity"], { stdio: "ignore" });
  const identity = identifyProcess(child.pid ?? 0);
  if (identity === null) throw new Error("a waiting process has ended at once");
  return { child, identity };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** One virtual machine with one container: what the agent knows of it, and the processes that stand for it. */
class FakeMachine {
  readonly vmm = waiter();
  readonly proxies: ChildProcess[] = [];
  started = false;
  created = false;
  paused = false;
  on = true;

  /** Its power goes with its init process, as in a machine of one container. */
  async powerOff(): Promise<void> {
    this.on = false;
    await Promise.all([this.vmm.child, ...this.proxies].map(end));
  }
}

/**
 * A hypervisor whose machines are nothing but processes of the host that wait, with an agent in this process: the life cycle on top of it
 * is the real one, with state on disk, locks and control groups. Like an agent, it refuses what does not fit its own state, whatever the
 * host believes.
 */
export class FakeMachines {
  readonly #machines = new Map<string, FakeMachine>();

  /** Behind the interface of hypervisors. */
  readonly hypervisor: Hypervisor = {
    name: "fake",
    probe: async () => Promise.resolve({ capabilities: [], shares: [] }),
    shareProblem: async () => Promise.resolve(null),
    shareFlaw: async () => Promise.resolve(null),
    hostNeed: () => ({ memoryBytes: 0, bytesPerAddedMib: 0, tasks: 0 }),
    launch: async (spec) => Promise.resolve(this.#launch(spec)),
    attach: (saved) => this.#attach(directoryOf(saved)),
  };

  readonly startProxy = async (options: ProxyOptions): Promise<StartedResident> => {
    const { child, identity } = waiter();
    // The one that is held is there before its machine is.
    const directory = path.dirname(options.vsockSocket);
    if (options.hold) this.#machines.set(directory, new FakeMachine());
    this.#machines.get(directory)?.proxies.push(child);
    // The process of an exec is `true`.
    if (!options.hold) await end(child);
    return Promise.resolve({
      identity,
      event: { event: options.hold ? "held" : "ready" },
      nextEvent: async () => Promise.resolve({ event: "ready" }),
      proceed: () => undefined,
      commit: () => undefined,
      abandon: async () => end(child),
      waitForExit: async () => end(child).then(() => 0),
    });
  };

  readonly connectAgent = (socket: string): Agent => {
    return agentOf(() => this.#running(path.dirname(socket)));
  };

  /** The container's process ends by itself. */
  async exit(directory: string): Promise<void> {
    await this.#running(directory).powerOff();
  }

  /** All processes that still stand for something. */
  get left(): readonly ChildProcess[] {
    return [...this.#machines.values()]
      .flatMap(({ vmm, proxies }) => [vmm.child, ...proxies])
      .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  }

  #running(directory: string): FakeMachine {
    const machine = this.#machines.get(directory);
    if (machine?.on === true) return machine;
    throw new RunvError("unavailable", "agent: cannot be reached");
  }

  #launch({ directory }: VmSpec): LaunchedVm {
    const { vmm } = this.#running(directory);
    const identity = { name: "fake", ...vmm.identity };
    const saved: SavedVm = {
      ...{ driver: "fake", directory, accel: "none", carrier: "none" },
      ...{ monitor: identity, vmm: identity, helpers: [], spare: { mostVcpus: 0, memory: [] } },
    };
    return {
      ...this.#attach(directory),
      ...{ saved, machine: "fake", warnings: [] },
      doubts: async () => Promise.resolve([]),
      consoleTail: () => "",
      endReason: async () => Promise.resolve(null),
      commit: async () => Promise.resolve(),
    };
  }

  #attach(directory: string): Vm {
    const vmm = { name: "fake", pid: 0, startTicks: 0 };
    return {
      saved: {
        ...{ driver: "fake", directory, monitor: vmm, vmm, helpers: [], accel: "none", carrier: "none" },
        spare: { mostVcpus: 0, memory: [] },
      },
      description: { accel: "none", carrier: "none" },
      waitExit: async () => Promise.resolve(this.#machines.get(directory)?.on === true ? null : ""),
      kill: async () => this.#machines.get(directory)?.powerOff(),
    };
  }
}

/** @param machine @throws RunvError unavailable when it has ended */
function agentOf(machine: () => FakeMachine): Agent {
  const change = async (from: Partial<FakeMachine>, to: Partial<FakeMachine>): Promise<void> => {
    const found = Object.assign({}, machine());
    for (const [name, value] of Object.entries(from))
      if (new Map<string, unknown>(Object.entries(found)).get(name) !== value)
        throw new RunvError("invalid-state", `fake agent: not so: ${name}`);
    return Promise.resolve(void Object.assign(machine(), to));
  };
  const unused = async (): Promise<never> =>
    Promise.reject(new RunvError("unsupported", "fake agent: not for this"));
  return {
    configure: async () => {
      machine();
      return Promise.resolve({
        ...{ protocolVersion, agentVersion: "fake", kernelRelease: "fake" },
        ...{ kernelStartUs: 0, agentReadyUs: 0, memoryBytes: 0 },
      });
    },
    setClock: async () => Promise.resolve(),
    createContainer: async () => change({ created: false }, { created: true }),
    startContainer: async () => change({ created: true, started: false, paused: false }, { started: true }),
    containerState: async () => {
      const { started, paused } = machine();
      return Promise.resolve({ started, paused });
    },
    kill: async ({ signal }) => {
      const { SIGKILL, SIGTERM } = constants.signals;
      if (signal === SIGKILL || signal === SIGTERM) await machine().powerOff();
      else machine();
      return { initEnded: false };
    },
    createProcess: async () => change({ created: true, paused: false }, {}),
    startProcess: async () => change({ created: true, paused: false }, {}),
    pauseContainer: async () => change({ paused: false }, { paused: true }),
    resumeContainer: async () => change({ paused: true }, { paused: false }),
    ...{
      unpack: unused,
      listProcesses: unused,
      updateContainer: unused,
      stats: unused,
      watchOom: unused,
    },
    close: () => undefined,
  };
}

function directoryOf(saved: unknown): string {
  if (typeof saved !== "object" || saved === null || !("directory" in saved))
    throw new Error("not saved by the fake");
  return String(saved.directory);
}
