import { RunvError } from "@runv/protocol";
import { event } from "../linux/constants.ts";
import { catchableSignals } from "../linux/signals.ts";
import { attempt, errnoName } from "../linux/system-error.ts";
import { waitReady } from "../linux/wait.ts";
import * as sys from "../sys.ts";

const terminal = 0;
/** The guard has one thing to do; it may be stopped until the user brings the job to the foreground. */
const rawTimeoutMs = 86_400_000;

/**
 * A child that has one duty: it puts the terminal into raw mode, and restores it when the proxy lets go of the socket between them. So the
 * user's shell gets its terminal back whatever kills the proxy.
 */
export class TerminalGuard {
  readonly #pid: number;
  readonly #socket: number;

  /** Forks: to be called before anything is open that a second process must not hold. */
  constructor() {
    const [ours, theirs] = sys.socketpair();
    this.#pid = sys.clone(0);
    if (this.#pid === 0) runGuard(theirs);
    sys.close(theirs);
    this.#socket = ours;
  }

  async enterRawMode(): Promise<void> {
    sys.write(this.#socket, "r");
    const answered = await waitReady(this.#socket, event.readable, rawTimeoutMs);
    if (!answered || sys.read(this.#socket, 1).length === 0) {
      throw new RunvError("internal", "put the terminal into raw mode: its guard ended");
    }
  }

  /** Restores the terminal, and returns when it is restored. */
  release(): void {
    sys.close(this.#socket);
    attempt(() => sys.waitpid(this.#pid, 0));
  }
}

function runGuard(socket: number): never {
  let restore = (): void => undefined;
  try {
    sys.afterFork();
    sys.closeFrom(1, [socket]);
    sys.setNonblock(socket, false);
    if (sys.read(socket, 1).length > 0) {
      const settings = sys.makeRaw(terminal);
      restore = () => sys.restoreTerminal(terminal, settings);
      outliveTheJob();
      sys.write(socket, "k");
      waitForEnd(socket);
    }
  } catch {
    // The proxy is gone or the terminal is; what can be restored is restored below.
  }
  attempt(restore);
  return sys.exit(0);
}

/** Whatever is sent to the job must not reach the guard. With SIGTTOU blocked the terminal obeys it from the background too: tty_ioctl(4). */
function outliveTheJob(): void {
  sys.watchSignals(catchableSignals([]), () => undefined);
  sys.setpgid(0, 0);
}

function waitForEnd(socket: number): void {
  try {
    while (sys.read(socket, 1).length > 0) continue;
  } catch (thrown) {
    if (errnoName(thrown) === "EINTR") waitForEnd(socket);
  }
}
