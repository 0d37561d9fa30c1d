import { randomBytes } from "node:crypto";
import type { DescriptorAccess } from "@runv/protocol";
import { RunvError } from "@runv/protocol/errors";
import type { SubCgroupSpec } from "../oci/exec-process.ts";
import type { ProcessSpec } from "../oci/process-spec.ts";
import { vsockSocketOf, withAgent } from "../sandbox/attached.ts";
import type { Sandbox } from "../sandbox/boot.ts";
import { messages } from "../shared/messages.ts";
import { isAlive, type ProcessIdentity } from "../shared/process-identity.ts";
import { type Releases, releasing } from "../shared/releases.ts";
import type { StartedResident } from "../shared/resident.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { changeContainer, loadContainer } from "../state/store.ts";
import { processRequest } from "./agent-requests.ts";
import type { Context } from "./context.ts";
import { writePidFile } from "./pid-file.ts";
import { checkPreserved, preservedAccessesOf } from "./preserved.ts";
import { proceedProxy, startProxy } from "./proxy.ts";
import { settledRecord } from "./settled-record.ts";
import { containerStatus } from "./state.ts";
import { proxyTerminal, type TerminalOptions } from "./terminal.ts";

export interface ExecOptions extends TerminalOptions {
  readonly id: string;
  readonly process: ProcessSpec;
  /** Below the container's; empty: none. */
  readonly subCgroups: readonly SubCgroupSpec[];
  readonly pidFile: string | null;
  /** `--preserve-fds`. */
  readonly preserved: number;
  /** In a paused container the process waits for `resume`. */
  readonly ignorePaused: boolean;
}

export interface RunningProcess {
  readonly identity: ProcessIdentity;
  /** The process's exit status. */
  readonly waitForExit: () => Promise<number>;
}

/** Bytes of randomness in a process id: unique in a container's life. */
const processIdBytes = 8;

/** Starts a further process in a container. @throws RunvError; the process does not run then. */
export async function execProcess(options: ExecOptions, context: Context): Promise<RunningProcess> {
  const record = await settledRecord(loadContainer(context.root, options.id), context);
  const init = initOf(record, options);
  const subCgroups = subCgroupsOf(record, options);
  checkPreserved({ listening: 0, asked: options.preserved });
  const terminal = proxyTerminal(options.process, options);
  const processId = randomBytes(processIdBytes).toString("hex");
  return withAgent(record, context.signal, async (agent) =>
    releasing(
      (sentence) => {
        context.log.warning(sentence);
      },
      async (releases) => {
        const work = { options, agent, record, init, terminal, processId, subCgroups };
        const proxy = await prepare(work, context, releases);
        return letRun({ options, agent, proxy, processId }, context, releases);
      },
    ),
  );
}

interface Preparation extends Omit<Prepared, "proxy"> {
  readonly record: ContainerRecord;
  readonly init: ProcessIdentity;
  readonly terminal: ReturnType<typeof proxyTerminal>;
  readonly subCgroups: readonly SubCgroupSpec[];
}

/** With preserved descriptors the proxy comes first: the guest is asked for what it says of them. */
async function prepare(work: Preparation, context: Context, releases: Releases): Promise<StartedResident> {
  const { options, record, init, terminal, processId } = work;
  const hold = options.preserved > 0;
  if (!hold) await createProcess(work, []);
  const proxy = await startProxy({
    container: record.id,
    process: processId,
    vsockSocket: vsockSocketOf(record.vmDirectory),
    terminal,
    preserved: options.preserved,
    namespaces: { join: init },
    hold,
    cgroups: record.cgroups,
    oomScoreAdj: options.process.oomScoreAdj,
    signal: context.signal,
  });
  releases.add("proxy", proxy.abandon);
  if (!hold) return proxy;
  await createProcess(work, preservedAccessesOf(proxy.event));
  await proceedProxy(proxy, context.signal);
  return proxy;
}

async function createProcess(
  { options, agent, record, processId, subCgroups }: Preparation,
  preserved: readonly DescriptorAccess[],
): Promise<void> {
  const { initial, final } = options.process.execCpuAffinity;
  await agent.createProcess({
    containerId: record.id,
    processId,
    process: processRequest(options.process, preserved),
    initialProcessors: [...initial],
    finalProcessors: [...final],
    subCgroups: [...subCgroups],
  });
}

function initOf(record: ContainerRecord, { ignorePaused }: ExecOptions): ProcessIdentity {
  const status = containerStatus(record);
  if (status === "stopped" || record.init === null)
    throw new RunvError("invalid-state", messages.execStopped);
  if (status === "paused" && !ignorePaused) throw new RunvError("invalid-state", messages.execPaused);
  if (status === "creating") throw new RunvError("invalid-state", messages.containerNotRunning);
  return record.init;
}

/** The container's own is where processes go anyway. */
function subCgroupsOf({ cgroupVersion }: ContainerRecord, options: ExecOptions): readonly SubCgroupSpec[] {
  const named = options.subCgroups.find(({ controller }) => controller !== "");
  if (cgroupVersion === "v2" && named !== undefined)
    throw new RunvError(
      "unsupported",
      `exec --cgroup: the guest has cgroup v2, without controllers' own trees: ${named.controller}:${named.path}`,
    );
  return options.subCgroups.filter(({ controller, path }) => controller !== "" || path !== "");
}

interface Prepared {
  readonly options: ExecOptions;
  readonly agent: Sandbox["agent"];
  readonly proxy: StartedResident;
  readonly processId: string;
}

/** The pid file is written last: callers take it as "the process runs". */
async function letRun(work: Prepared, context: Context, releases: Releases): Promise<RunningProcess> {
  const { options, agent, proxy, processId } = work;
  await changeContainer(context.root, options.id, async (record) =>
    Promise.resolve(withExec(record, { processId, proxy: proxy.identity })),
  );
  await agent.startProcess(options.id, processId);
  if (options.pidFile !== null) writePidFile(options.pidFile, proxy.identity.pid);
  proxy.commit();
  releases.keep();
  return { identity: proxy.identity, waitForExit: proxy.waitForExit };
}

/** Ended ones are forgotten on the way. */
function withExec(record: ContainerRecord, exec: ContainerRecord["execs"][number]): ContainerRecord {
  return { ...record, execs: [...record.execs.filter((other) => isAlive(other.proxy)), exec] };
}
