import { errorMessage, RunvError, type WindowSize } from "@runv/protocol";
import type { ProxyTerminal } from "../contract/proxy.ts";
import { prctl } from "../linux/constants.ts";
import { signal } from "../linux/signals.ts";
import { attempt, errnoName, step } from "../linux/system-error.ts";
import * as sys from "../sys.ts";
import { TerminalGuard } from "./terminal-guard.ts";

const ptyName = "/dev/pts";

/** The host's end of a container process's terminal, or that there is none. */
export interface HostTerminal {
  /** Whether the caller's other processes have descriptors 0 to 2 open too, so that their mode must not be changed. */
  readonly shared: boolean;
  /** A terminal has one output only. */
  readonly separateStderr: boolean;
  /** null without a terminal. */
  windowSize(): WindowSize | null;
  /** From here on bytes pass as they are. */
  enterRawMode(): Promise<void>;
  /** After a stop: a shell has used the terminal meanwhile. */
  reenterRawMode(): void;
  /** Gives the terminal back as it was. */
  release(): void;
}

/** Makes descriptors 0 to 2 what the process is to have. @throws RunvError */
export function openTerminal(terminal: ProxyTerminal): HostTerminal {
  switch (terminal.kind) {
    case "none":
      leaveSession();
      return noTerminal;
    case "console-socket":
      leaveSession();
      return consoleSocketTerminal(terminal);
    case "inherited":
      return inheritedTerminal();
  }
}

const noTerminal: HostTerminal = {
  shared: true,
  separateStderr: true,
  windowSize: () => null,
  enterRawMode: async () => Promise.resolve(),
  reenterRawMode: () => undefined,
  release: () => undefined,
};

/** Signals of the caller's terminal are the caller's. */
function leaveSession(): void {
  try {
    sys.setsid();
  } catch (thrown) {
    // EPERM: the verb has given us a session already.
    if (errnoName(thrown) !== "EPERM") throw thrown;
  }
}

/** The caller resizes the master that it gets; the slave is our controlling terminal, so that we are told (SIGWINCH). */
function consoleSocketTerminal(terminal: Extract<ProxyTerminal, { kind: "console-socket" }>): HostTerminal {
  const { master, slave, number } = step("make a terminal", () => sys.openPty("/dev/ptmx", ptyName));
  if (terminal.rows > 0 && terminal.columns > 0) sys.setWindowSize(slave, terminal.rows, terminal.columns);
  sys.makeRaw(slave);
  step("make the terminal the controlling one", () => sys.setControllingTerminal(slave));
  sendMaster(terminal.path, master, `${ptyName}/${number}`);
  sys.close(master);
  for (const standard of [0, 1, 2]) sys.dup2(slave, standard);
  sys.close(slave);
  return { ...noTerminal, shared: false, separateStderr: false, windowSize };
}

/** One sendmsg, no answer awaited: callers take it only after the verb has returned. */
function sendMaster(path: string, master: number, name: string): void {
  try {
    const socket = sys.unixConnect(path);
    sys.sendWithFds(socket, name, [master]);
    sys.close(socket);
  } catch (cause) {
    const reason = errorMessage(cause);
    throw new RunvError("unavailable", `send the terminal to console socket ${path}: ${reason}`, { cause });
  }
}

function inheritedTerminal(): HostTerminal {
  if (!sys.isTerminal(0)) throw new RunvError("internal", "terminal: descriptor 0 is not a terminal");
  sys.prctl(prctl.setParentDeathSignal, signal.hangUp, 0, 0, 0);
  const guard = new TerminalGuard();
  return {
    shared: true,
    separateStderr: false,
    windowSize,
    enterRawMode: async () => guard.enterRawMode(),
    reenterRawMode: () => attempt(() => sys.makeRaw(0)),
    release: () => guard.release(),
  };
}

function windowSize(): WindowSize | null {
  try {
    const size = sys.getWindowSize(0);
    return size.rows > 0 && size.columns > 0 ? size : null;
  } catch {
    // Hung up: its size interests nobody any more.
    return null;
  }
}
