import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { RunvError } from "@runv/protocol/errors";
import { terminationTimeoutMs } from "./limits.ts";
import { identifyProcess, type ProcessIdentity } from "./process-identity.ts";
import { readLine } from "./read-line.ts";
import { parseResidentEvent, type ResidentEvent } from "./resident-event.ts";
import { signalNumber } from "./signals.ts";

export interface ResidentOptions {
  /** What is being started, for error messages. */
  readonly what: string;
  /** Descriptors 0 to 2, then the files from 4 on; 3 is the control socket. */
  readonly stdio: readonly ["ignore" | "inherit", "ignore" | "inherit", "ignore" | "inherit"];
  readonly files: readonly number[];
  /** The first line on the control socket. */
  readonly spec: object;
  /** How long the first event may take. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface StartedResident {
  readonly identity: ProcessIdentity;
  readonly event: ResidentEvent;
  /** The next event that the piece sends. @throws RunvError as it sent it for "failed", "timeout", "unavailable" when it has ended. */
  readonly nextEvent: (timeoutMs: number, signal?: AbortSignal) => Promise<ResidentEvent>;
  /** Answers an event after which the piece waits for that. */
  readonly proceed: () => void;
  /** Lets the piece outlive this process; without it, the end of this process ends the piece. */
  readonly commit: () => void;
  /** Ends the piece before it was committed, and returns when it has undone what it did. */
  readonly abandon: () => Promise<void>;
  /** The exit status; 128 + signal when a signal ended it. This process stays until then; without a call it need not. */
  readonly waitForExit: () => Promise<number>;
}

/**
 * Starts a resident piece, hands it its spec and returns its first event. It leaves this session by itself, unless it shares its terminal. Spawned without execa: what
 * matters here are raw descriptors and a process that stays, and execa's stream handling costs every start 5 ms.
 * @throws RunvError with the piece's own code and sentence for the event "failed", "timeout" when none came.
 */
export async function startResident(program: string, options: ResidentOptions): Promise<StartedResident> {
  const child = spawn(program, [], {
    stdio: [...options.stdio, "pipe", ...options.files],
    env: {},
  });
  const failure = once(child, "error").then(([cause]) => {
    throw new RunvError("internal", `${options.what}: cannot start ${program}: ${String(cause)}`, { cause });
  });
  const exited = once(child, "exit").then(([code, signal]) => exitStatus(code, signal));
  // A child that never started has no exit; `failure` tells.
  exited.catch(() => undefined);
  const control = child.stdio[3];
  if (child.pid === undefined || !(control instanceof Duplex)) return failure;
  // Whatever breaks on the socket shows as its end.
  control.on("error", () => undefined);
  // Before it has anything to do: what runs one hook may have ended by the time that this process gets on.
  const identity = identifyProcess(child.pid);
  control.write(`${JSON.stringify(options.spec)}\n`);
  const waitForExit = async (): Promise<number> => {
    child.ref();
    return exited;
  };
  const abandon = async (): Promise<void> => {
    control.destroy();
    await endOf(child, exited);
  };
  const nextEvent = async (timeoutMs: number, signal = options.signal): Promise<ResidentEvent> => {
    const { what } = options;
    return parseResidentEvent(await readLine(control, { what, timeoutMs, signal }), what);
  };
  try {
    const event = await Promise.race([nextEvent(options.timeoutMs), failure]);
    if (identity === null) throw new RunvError("internal", `${options.what}: ${program} ended at once`);
    return {
      identity,
      event,
      nextEvent,
      proceed: () => control.write('{"proceed":true}\n'),
      commit: () => release(child, control),
      abandon,
      waitForExit,
    };
  } catch (error) {
    await abandon();
    throw error;
  }
}

/** A process that does nothing but be there. */
export interface Placeholder {
  readonly pid: number;
  /** Ends it, and returns when it has ended; more than once, too. */
  readonly end: () => Promise<void>;
}

/** Starts a resident piece that is told nothing, and so only waits. It ends with this process, however that ends. */
export async function startPlaceholder(program: string): Promise<Placeholder> {
  const child = spawn(program, [], { stdio: ["ignore", "ignore", "ignore", "pipe"], env: {} });
  const exited = once(child, "exit").then(([code, signal]) => exitStatus(code, signal));
  exited.catch(() => undefined);
  await once(child, "spawn");
  const control = child.stdio[3];
  if (child.pid === undefined || !(control instanceof Duplex))
    throw new RunvError("internal", `${program}: cannot be started`);
  control.on("error", () => undefined);
  return {
    pid: child.pid,
    end: async () => {
      control.destroy();
      await endOf(child, exited);
    },
  };
}

/** The end of its control socket ends a piece; one that is stuck is killed. */
async function endOf(child: ChildProcess, exited: Promise<number>): Promise<void> {
  child.ref();
  const timer = setTimeout(() => child.kill("SIGKILL"), terminationTimeoutMs);
  await exited.catch(() => undefined);
  clearTimeout(timer);
}

function release(child: ChildProcess, control: Duplex): void {
  control.end('{"commit":true}\n');
  control.resume();
  child.unref();
}

function exitStatus(code: unknown, signal: unknown): number {
  if (typeof code === "number") return code;
  return 128 + (typeof signal === "string" ? signalNumber(signal) : 0);
}
