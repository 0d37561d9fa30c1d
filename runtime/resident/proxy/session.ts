import {
  type Exit,
  encodeResize,
  encodeSignal,
  endsByDefault,
  frameType,
  parseExit,
  stream,
} from "@runv/protocol";
import { lostGuestExitStatus } from "../contract/proxy.ts";
import { signal } from "../linux/signals.ts";
import { attempt } from "../linux/system-error.ts";
import * as sys from "../sys.ts";
import type { PreservedDescriptor } from "./preserved.ts";
import type { HostTerminal } from "./terminal.ts";

const flushCheckIntervalMs = 200;
/** A process that ended by itself would have waited for its reader in write(2); one that was killed would not. */
const flushStallLimitMs = 600_000;
const flushStallLimitKilledMs = 2000;
const firstSignalStatus = 128;

/** One container process as the host sees it: from the agent's WELCOME to its exit status. */
export class Session {
  readonly #io: sys.ProcessIo;
  readonly #terminal: HostTerminal;
  readonly #preserved: readonly PreservedDescriptor[];
  /** What this proxy will exit with; null while the process lives. */
  #status: number | null = null;

  constructor(io: sys.ProcessIo, terminal: HostTerminal, preserved: readonly PreservedDescriptor[]) {
    this.#io = io;
    this.#terminal = terminal;
    this.#preserved = preserved;
  }

  /** From here on descriptors 0 to 2 and the preserved ones belong to the streams. */
  async attach(): Promise<void> {
    this.#sendWindowSize();
    await this.#terminal.enterRawMode();
    const { shared, separateStderr } = this.#terminal;
    this.#io.sendFrom(stream.stdin, 0, shared);
    this.#io.receiveTo(stream.stdout, 1, { shared, keepOpen: false });
    if (separateStderr) this.#io.receiveTo(stream.stderr, 2, { shared, keepOpen: false });
    for (const descriptor of this.#preserved) this.#attachPreserved(descriptor);
  }

  /** The caller may have it, too. */
  #attachPreserved({ number, fd, access }: PreservedDescriptor): void {
    const sink = access === "read-write" ? sys.dup(fd) : fd;
    if (access !== "write") this.#io.sendFrom(number, fd, true);
    if (access !== "read") this.#io.receiveTo(number, sink, { shared: true, keepOpen: false });
  }

  onFrame(type: number, payload: Uint8Array): void {
    // EXIT is the last frame: a guest that says more does not change its mind, and what it has said still reaches its reader.
    if (this.#status !== null) return;
    const exit = type === frameType.exit ? parseExit(payload) : null;
    if (exit === null) this.onBroken();
    else this.#flush(exitStatus(exit), exit.signal === 0 ? flushStallLimitMs : flushStallLimitKilledMs);
  }

  onDelivered(): void {
    if (this.#status !== null) this.#leave(this.#status);
  }

  /** The connection ended: after EXIT that is the agent's good-bye, before it the guest is lost. What has arrived still reaches its reader. */
  onBroken(): void {
    if (this.#status === null) this.#flush(lostGuestExitStatus, flushStallLimitKilledMs);
  }

  onSignal(number: number): void {
    // Who would end a process that has ended does not want to wait for its reader.
    if (this.#status !== null && endsByDefault(number)) this.#leave(this.#status);
    if (number === signal.continue) this.#terminal.reenterRawMode();
    if (number === signal.windowChange || number === signal.continue) this.#sendWindowSize();
    if (number !== signal.windowChange) this.#tellGuest(frameType.signal, encodeSignal(number));
  }

  /** A connection that takes nothing any more is about to be reported broken; a flood of signals need not arrive in full. */
  #tellGuest(type: number, payload: Uint8Array): void {
    attempt(() => this.#io.sendFrame(type, payload));
  }

  /** Gives the terminal back. */
  release(): void {
    attempt(() => this.#terminal.release());
  }

  #sendWindowSize(): void {
    const size = this.#terminal.windowSize();
    if (size !== null) this.#tellGuest(frameType.resize, encodeResize(size));
  }

  /** Leaves once everything has reached its reader; gives up when nothing has moved for `stallLimitMs`. */
  #flush(status: number, stallLimitMs: number): void {
    this.#status = status;
    let pendingBytes = Number.POSITIVE_INFINITY;
    let progressAtMs = sys.monotonicMs();
    const check = (): void => {
      const nowMs = sys.monotonicMs();
      const nowPending = this.#io.pendingBytes();
      if (nowPending !== pendingBytes) progressAtMs = nowMs;
      if (nowPending === 0 || nowMs - progressAtMs >= stallLimitMs) this.#leave(status);
      pendingBytes = nowPending;
      sys.setTimer(flushCheckIntervalMs, check);
    };
    check();
  }

  #leave(status: number): never {
    this.release();
    return sys.exit(status);
  }
}

function exitStatus(exit: Exit): number {
  return exit.signal === 0 ? exit.exitCode & 0xff : firstSignalStatus + exit.signal;
}
