import { processIoPort } from "@runv/protocol";
import { RunvError } from "@runv/protocol/errors";
import { type ProxySpec, type ProxyTerminal, proxyContractVersion } from "../../resident/contract/proxy.ts";
import { residentProgram } from "../shared/installation.ts";
import { residentReadyTimeoutMs } from "../shared/limits.ts";
import { type StartedResident, startResident } from "../shared/resident.ts";
import { letGoOfPreserved, numbersOf } from "./preserved.ts";

export interface ProxyOptions {
  readonly container: string;
  /** Empty for the init process. */
  readonly process: string;
  readonly vsockSocket: string;
  readonly terminal: ProxyTerminal;
  /** Descriptors of this verb from 3 on that the process has, too; it has them no more when the proxy is held. */
  readonly preserved: number;
  readonly namespaces: ProxySpec["namespaces"];
  readonly cgroups: readonly string[];
  readonly oomScoreAdj: number | null;
  /** Wait in fresh namespaces for `proceed`. */
  readonly hold: boolean;
  readonly signal: AbortSignal;
}

/** Time that the agent gets to greet a process-I/O connection; the guest is up by then. */
const welcomeTimeoutMs = 30_000;

/**
 * Starts the host's stand-in for a container process, on this verb's own stdin, stdout and stderr. Its pid is the OCI pid.
 * @throws RunvError; the proxy is gone then, and with its connection the guest process.
 */
export async function startProxy(options: ProxyOptions): Promise<StartedResident> {
  const spec: ProxySpec = {
    version: proxyContractVersion,
    container: options.container,
    process: options.process,
    vsockSocket: options.vsockSocket,
    processIoPort,
    connectTimeoutMs: welcomeTimeoutMs,
    terminal: options.terminal,
    preserved: options.preserved,
    namespaces: options.namespaces,
    hold: options.hold,
    cgroups: options.cgroups,
    oomScoreAdj: options.oomScoreAdj,
  };
  const proxy = await startResident(residentProgram("runv-proxy"), {
    what: options.process === "" ? "container process" : `process ${options.process}`,
    stdio: ["inherit", "inherit", "inherit"],
    files: numbersOf(options.preserved),
    spec,
    timeoutMs: residentReadyTimeoutMs,
    signal: options.signal,
  });
  if (proxy.event["event"] === (options.hold ? "held" : "ready")) {
    letGoOfPreserved(options.preserved);
    return proxy;
  }
  await proxy.abandon();
  throw unexpectedAnswer();
}

/** Lets a proxy that was held go on, until only the commit is missing. @throws RunvError; the proxy is still to be abandoned then. */
export async function proceedProxy(proxy: StartedResident, signal: AbortSignal): Promise<void> {
  proxy.proceed();
  const { event } = await proxy.nextEvent(residentReadyTimeoutMs, signal);
  if (event !== "ready") throw unexpectedAnswer();
}

function unexpectedAnswer(): RunvError {
  return new RunvError("internal", "proxy: unexpected answer");
}
