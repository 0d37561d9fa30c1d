import { type Exit, encodeExit, endsByDefault, frameType, RunvError, type WindowSize } from "@runv/protocol";
import { tolerate } from "../linux/errno.ts";
import { SIGKILL } from "../linux/signals.ts";
import { clearTimer, close, type ProcessIo, setTimer, setWindowSize } from "../linux/sys.ts";
import type { Child } from "./child.ts";
import { closePreserved } from "./preserved.ts";
import { type AgentStreams, closeStreams, connectStreams } from "./streams.ts";

/** How long the host may take to hang up after it was told the exit. */
const hangUpDeadlineMs = 10_000;

/**
 * What a process left in its pipes is given up when so long none of it is taken. As with the proxy: one that ended by itself would have
 * waited for its reader in write(2); one that was killed would not.
 */
const drainStallLimitMs = 600_000;
const drainStallLimitKilledMs = 2_000;

/** How long its last output and its exit may take to go out once it is being deleted. */
const concludeDeadlineMs = 2_000;

const nothing = new Uint8Array(0);

/** Where a process is in its life: set up and waiting, running its program, ended. */
export type ProcessState = "created" | "running" | "exited";

export interface ProcessOptions {
  /** How long the exit of a process without connection is kept for one; null: until it is deleted. */
  readonly unclaimedMs: number | null;
  /** Called once, when it has ended and the host knows, or never will. */
  onFinished(): void;
  /** Called when it has been sent SIGKILL. */
  onKilled(): void;
}

/** One process that the host asked for: the init of a container, or an exec. */
export class GuestProcess {
  readonly child: Child;
  readonly streams: AgentStreams;
  state: ProcessState = "created";
  #io: ProcessIo | null = null;
  #attached = false;
  #drained = false;
  #exit: Exit | null = null;
  #finished = false;
  #drainTimer: number | null = null;
  #hangUpTimer: number | null = null;
  #unclaimedTimer: number | null = null;
  #finishedListener: (() => void) | null = null;
  readonly #options: ProcessOptions;

  constructor(child: Child, streams: AgentStreams, options: ProcessOptions) {
    this.child = child;
    this.streams = streams;
    this.#options = options;
  }

  get attached(): boolean {
    return this.#attached;
  }

  /** Connects the streams. One connection in a process's life. */
  attach(io: ProcessIo): void {
    if (this.#attached) throw new RunvError("already-exists", "the process has its connection already");
    if (this.#unclaimedTimer !== null) clearTimer(this.#unclaimedTimer);
    this.#unclaimedTimer = null;
    this.#attached = true;
    this.#io = io;
    io.sendFrame(frameType.welcome, nothing);
    connectStreams(this.streams, io);
    if (this.#exit !== null) this.#drain(io, this.#exit);
  }

  /** All output has gone out. */
  drained(): void {
    this.#drained = true;
    this.#deliverExit();
  }

  /** The connection is gone. A process that still runs is killed: nobody looks after it any more. */
  broken(): void {
    this.#io = null;
    if (this.#exit === null) this.signal(SIGKILL);
    else this.#finish();
  }

  exited(exit: Exit): void {
    this.state = "exited";
    this.#exit = exit;
    if (this.#io !== null) {
      if (this.#drained) this.#deliverExit();
      else this.#drain(this.#io, exit);
    } else if (this.#attached) this.#finish();
    else if (this.#options.unclaimedMs !== null)
      this.#unclaimedTimer = setTimer(this.#options.unclaimedMs, () => this.discard());
  }

  /** Who would end a process that has ended does not want to wait for its reader. */
  signal(number: number): void {
    this.child.signal(number);
    if (this.#exit !== null) {
      if (endsByDefault(number)) this.#io?.endSources();
    } else if (number === SIGKILL) this.#options.onKilled();
  }

  resize({ rows, columns }: WindowSize): void {
    if (this.streams.kind === "terminal" && !this.#finished)
      tolerate(["EIO"], () => {
        if (this.streams.kind === "terminal") setWindowSize(this.streams.control, rows, columns);
      });
  }

  /** Waits until the host knows the end of a process that was killed, but not for ever. */
  async conclude(): Promise<void> {
    if (this.#attached && !this.#finished) {
      const timer = setTimer(concludeDeadlineMs, () => this.discard());
      await new Promise<void>((resolve) => (this.#finishedListener = resolve));
      clearTimer(timer);
    } else this.discard();
  }

  /** Gives up on telling the host. */
  discard(): void {
    this.#io?.close();
    this.#io = null;
    this.#finish();
  }

  /** Sends what it left in its pipes as long as somebody takes it; the exit follows. */
  #drain(io: ProcessIo, { signal }: Exit): void {
    io.drainNow();
    const limitMs = signal === 0 ? drainStallLimitMs : drainStallLimitKilledMs;
    let sentBytes = io.sentBytes();
    const check = (): void => {
      const stalls = io.sentBytes() === sentBytes;
      sentBytes = io.sentBytes();
      this.#drainTimer = stalls ? null : setTimer(limitMs, check);
      if (stalls) io.endSources();
    };
    this.#drainTimer = setTimer(limitMs, check);
  }

  #deliverExit(): void {
    if (this.#exit === null || this.#io === null || this.#hangUpTimer !== null) return;
    this.#io.sendFrame(frameType.exit, encodeExit(this.#exit));
    this.#hangUpTimer = setTimer(hangUpDeadlineMs, () => this.discard());
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    for (const timer of [this.#drainTimer, this.#hangUpTimer, this.#unclaimedTimer])
      if (timer !== null) clearTimer(timer);
    if (!this.#attached) {
      closeStreams(this.streams);
      closePreserved(this.streams.preserved);
    } else if (this.streams.kind === "terminal") close(this.streams.control);
    this.#finishedListener?.();
    this.#options.onFinished();
  }
}
