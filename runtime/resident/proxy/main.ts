import { RunvError } from "@runv/protocol";
import { openVerbChannel } from "../channel/verb.ts";
import { lostGuestExitStatus, type ProxyEvent, type ProxySpec } from "../contract/proxy.ts";
import { joinCgroups } from "../linux/cgroups.ts";
import { closeDescriptors, inheritedDescriptors } from "../linux/inherited.ts";
import { catchableSignals, signal } from "../linux/signals.ts";
import { attempt, stepFailure } from "../linux/system-error.ts";
import { parseProxySpec } from "../parse/proxy-spec.ts";
import * as sys from "../sys.ts";
import { connectAgent } from "./agent-connection.ts";
import { makeNamespaces } from "./namespaces.ts";
import { preservedDescriptors, strayDescriptors } from "./preserved.ts";
import { Session } from "./session.ts";
import { openTerminal } from "./terminal.ts";

/** The process that callers know as the container's (or an exec's): its streams, its signals and its exit status are the guest process's. */
const inherited = inheritedDescriptors();
const verbPid = sys.getppid();
let session: Session | null = null;
let committed = false;
let proceed: () => void = () => undefined;
const proceeding = new Promise<void>((resolve) => {
  proceed = resolve;
});

const channel = openVerbChannel({
  onSpec: (value) => {
    const spec = parseProxySpec(value);
    closeDescriptors(strayDescriptors(inherited, spec.preserved));
    watchSignals(spec);
    prepare(spec).then(
      () => send({ event: "ready" }),
      (thrown: unknown) => giveUp(thrown),
    );
  },
  onCommit: () => {
    committed = true;
    session?.attach().catch((thrown: unknown) => giveUp(thrown));
    return true;
  },
  onProceed: () => proceed(),
  onGone: (reason) => giveUp(reason),
});

/** In this order: guest and terminal are reached by paths of the host, which are gone after the last step. */
async function prepare(spec: ProxySpec): Promise<void> {
  // Lowering it takes CAP_SYS_RESOURCE; the guest's value is the one that counts.
  if (spec.oomScoreAdj !== null)
    attempt(() => sys.writeFile("/proc/self/oom_score_adj", String(spec.oomScoreAdj)));
  const preserved = preservedDescriptors(spec.preserved);
  joinCgroups(spec.cgroups);
  const namespaces = makeNamespaces(spec.namespaces);
  if (spec.hold) {
    send({ event: "held", preserved: preserved.map(({ access }) => access) });
    await proceeding;
  }
  const io = await connectAgent(
    { spec, preserved },
    {
      onFrame: (type, payload) => session?.onFrame(type, payload),
      onDelivered: () => session?.onDelivered(),
      onBroken: (reason) => {
        if (committed) session?.onBroken();
        else giveUp(new RunvError("unavailable", `agent: ${reason}`), lostGuestExitStatus);
      },
    },
  );
  const terminal = openTerminal(spec.terminal);
  session = new Session(io, terminal, preserved);
  namespaces.enter();
}

/** On a terminal that it shares, the proxy stops like any job of the shell when it reads or changes it from the background. */
function watchSignals(spec: ProxySpec): void {
  const jobControl = spec.terminal.kind === "inherited" ? [signal.terminalInput, signal.terminalOutput] : [];
  sys.watchSignals(catchableSignals(jobControl), (number) => {
    if (number === signal.pipe || number === signal.child) return;
    if (isVerbLost(spec, number)) giveUp(new RunvError("cancelled", "proxy: its verb has ended"));
    if (committed) session?.onSignal(number);
    else if (number === signal.terminate || number === signal.interrupt || number === signal.hangUp) {
      giveUp(new RunvError("cancelled", `proxy: ended by signal ${number}`));
    }
  });
}

/** A verb in the foreground outlives its proxy unless it was killed. Then the terminal is its caller's again, and nobody can reach the process. */
function isVerbLost(spec: ProxySpec, number: number): boolean {
  return spec.terminal.kind === "inherited" && number === signal.hangUp && sys.getppid() !== verbPid;
}

function send(event: ProxyEvent): void {
  channel.send(event);
}

/** @param status matters once a commit is on its way: it is then taken for the process's. */
function giveUp(thrown: unknown, status = committed ? lostGuestExitStatus : 1): never {
  const error = stepFailure("proxy", thrown);
  send({ event: "failed", code: failureCode(error), message: error.message });
  session?.release();
  return sys.exit(status);
}

type FailureCode = Extract<ProxyEvent, { event: "failed" }>["code"];
const failureCodes: readonly FailureCode[] = [
  "unsupported",
  "not-found",
  "unavailable",
  "timeout",
  "internal",
];

function failureCode(error: RunvError): FailureCode {
  return failureCodes.find((code) => code === error.code) ?? "internal";
}

sys.runLoop((error) => giveUp(error));
