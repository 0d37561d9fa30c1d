import { RunvError } from "@runv/protocol/errors";
import { signalExitStatus } from "../shared/exit-codes.ts";
import { signalNumber } from "../shared/signals.ts";

/** What a person or a supervisor sends to a verb at work. */
const endingSignals = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const;
/** What a process in the foreground is sent besides. */
const otherSignals = ["SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT", "SIGALRM"] as const;

/** Signals to the verb: until its process runs they undo the verb, from then on they are the process's. */
export interface Interrupts {
  /** Aborts with the first signal that ends a verb. */
  readonly signal: AbortSignal;
  /** Passes every signal on to `pid` from now on. */
  readonly forwardTo: (pid: number) => void;
}

/** From here on signals no longer end this program by themselves. */
export function catchInterrupts(): Interrupts {
  const controller = new AbortController();
  let target: number | null = null;
  const deliver = (name: NodeJS.Signals) => {
    if (target !== null) forward(target, name);
    else if (isEnding(name)) {
      const status = signalExitStatus(signalNumber(name));
      controller.abort(new RunvError("cancelled", `interrupted by ${name}`, { context: { status } }));
    }
  };
  for (const name of [...endingSignals, ...otherSignals]) process.on(name, deliver);
  return {
    signal: controller.signal,
    forwardTo: (pid) => {
      target = pid;
    },
  };
}

function isEnding(name: NodeJS.Signals): boolean {
  return endingSignals.some((ending) => ending === name);
}

function forward(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended; its status is on the way.
  }
}
