import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";

type Stdio = "pipe" | "ignore" | number;

export interface Resident {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The next event on descriptor 3; null when it has ended. */
  nextEvent(): Promise<Record<string, unknown> | null>;
  commit(): void;
  proceed(): void;
  /** What the death of the verb looks like. */
  abandon(): void;
  /** Exit status; 128 + n never appears here: a signal is given by name. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const started = new Set<ChildProcess>();

/** Starts a resident piece as a verb does; `files` are its descriptors from 4 on. */
export function startResident(
  program: string,
  spec: object | string,
  options: { stdio?: [Stdio, Stdio, Stdio]; files?: readonly Stdio[]; detached?: boolean } = {},
): Resident {
  const child = spawn(program, [], {
    stdio: [...(options.stdio ?? ["ignore", "ignore", "inherit"]), "pipe", ...(options.files ?? [])],
    detached: options.detached ?? true,
    env: {},
  });
  started.add(child);
  if (child.pid === undefined) throw new Error(`cannot start ${program}`);
  const control = child.stdio[3] as Duplex;
  control.on("error", () => undefined);
  control.write(`${typeof spec === "string" ? spec : JSON.stringify(spec)}\n`);
  const lines = createInterface({ input: control })[Symbol.asyncIterator]();
  return {
    child,
    pid: child.pid,
    nextEvent: async () => {
      const line = await lines.next();
      return line.done === true ? null : (JSON.parse(line.value) as Record<string, unknown>);
    },
    proceed: () => control.write('{"proceed":true}\n'),
    commit: () => control.end('{"commit":true}\n'),
    abandon: () => control.destroy(),
    ended: once(child, "exit").then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    })),
  };
}

/** For afterEach: a test that failed halfway leaves nothing running. */
export function killStartedResidents(): void {
  for (const child of started) child.kill("SIGKILL");
  started.clear();
}
