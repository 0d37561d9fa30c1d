import { type Exit, RunvError } from "@runv/protocol";
import { stepError, tolerate } from "../linux/errno.ts";
import { onExit } from "../linux/reaper.ts";
import { SIGKILL } from "../linux/signals.ts";
import { close, exit, type Fd, kill, setNonblock, socketpair, write } from "../linux/sys.ts";
import { type ChildMessage, errorOfChild, goAhead } from "./child-channel.ts";
import { ChildReader } from "./child-reader.ts";
import { moveUp } from "./preserved.ts";

/** What a child has made for the agent: the result of its work, and its terminal's master, twice, when it made one. */
interface Report {
  readonly result: Readonly<Record<string, number>>;
  readonly fds: readonly Fd[];
}

interface Waiter {
  resolve(report: Report | null): void;
  reject(error: RunvError): void;
}

const killedWhileSetUp =
  "the process was killed while it was being set up (by its seccomp profile, or for want of memory)";
/** EX_SOFTWARE of sysexits(3): a child that came back from its body. */
const exitSoftware = 70;

/** How a process is taken that a child makes in its place. */
export interface Adoption {
  /** Whether that process, which is not reaped yet, belongs where the child was to make it. */
  take(pid: number): boolean;
  /** Which of the two opens the terminal, if there is one: the other one's word does not count. */
  readonly terminalOf: "first" | "second";
}

/** The agent's side of a forked child of its own program, until the child becomes another one or ends. */
export class Child {
  readonly #channel: Fd;
  readonly #reader: ChildReader;
  #waiter: Waiter | null = null;
  #terminal: readonly Fd[] = [];
  /** The one that a child makes in its life, until it is asked for. */
  #result: Report["result"] | null = null;
  #reported = false;
  #hooked = false;
  #failure: RunvError | null = null;
  #ended = false;
  #exited = false;
  #pid: number;
  #adopt: Adoption | null;
  readonly #onExit: (exit: Exit) => void;

  /**
   * @param fork clone(2) with what the child needs; returns twice
   * @param body the whole life of the child; its argument is its end of the channel
   * @param adopt null: the child stays itself. Else it makes another process in its place
   */
  constructor(
    fork: () => number,
    body: (channel: Fd) => never,
    exited: (exit: Exit) => void,
    adopt: Adoption | null = null,
  ) {
    this.#onExit = exited;
    this.#adopt = adopt;
    const [own, childs] = makeChannel();
    try {
      setNonblock(childs, false);
      this.#pid = fork();
    } catch (thrown) {
      close(own);
      close(childs);
      throw thrown;
    }
    if (this.#pid === 0) runToEnd(body, childs);
    close(childs);
    this.#watch();
    setNonblock(own, true);
    this.#channel = own;
    this.#reader = new ChildReader(own, {
      onMessage: (message, fds) => this.#take(message, fds),
      onEnd: () => this.#end(),
      terminalLine: adopt?.terminalOf === "second" ? 1 : 0,
    });
  }

  get pid(): number {
    return this.#pid;
  }

  /** The hooks that it runs before its program have ended well. */
  get hooked(): boolean {
    return this.#hooked;
  }

  /** What the child says next. @throws RunvError what it reported, or "agent" when it died silently */
  async report(): Promise<Report> {
    const report = await this.#next();
    if (report === null) throw new RunvError("agent", killedWhileSetUp);
    return report;
  }

  /** Lets the child go on; resolves when it has become another program. @throws RunvError what it reported */
  async release(): Promise<void> {
    this.#letGoOn();
    await this.#next();
  }

  /** Does nothing to a child that has been reaped: its pid may be another's. */
  signal(number: number): void {
    if (!this.#exited) tolerate(["ESRCH"], () => kill(this.#pid, number));
  }

  /** Ends a child that nobody waits for any more. */
  abandon(): void {
    this.signal(SIGKILL);
    this.#reader.close();
    this.#terminal.forEach(close);
    this.#terminal = [];
    this.#end();
  }

  async #next(): Promise<Report | null> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#settle();
    });
  }

  #take(message: ChildMessage, fds: readonly Fd[]): void {
    if (message.event === "failed") this.#failure = errorOfChild(message);
    else if (message.event === "moved") this.#move(message.pid);
    else if (message.event === "terminal") this.#terminal = fds;
    else if (message.event === "hooked") this.#hooked = true;
    else if (!this.#reported) {
      this.#reported = true;
      this.#result = message.event === "done" ? message.result : {};
    }
    this.#settle();
  }

  #watch(): void {
    const watched = this.#pid;
    onExit(watched, (exit) => {
      if (watched !== this.#pid) return;
      this.#exited = true;
      // One that another process is to stand in for says why it ends on the channel.
      if (this.#adopt === null) this.#onExit(exit);
    });
  }

  /** Whoever can trace the new process can write on its channel: the kernel is asked who it is, and only once. */
  #move(pid: number): void {
    const adopt = this.#adopt;
    if (adopt === null) return;
    try {
      if (!adopt.take(pid)) throw new RunvError("agent", killedWhileSetUp);
    } catch (thrown) {
      this.#failure = stepError("take over the process", thrown);
      return;
    }
    this.#adopt = null;
    this.#pid = pid;
    this.#exited = false;
    this.#watch();
    this.#letGoOn();
  }

  #letGoOn(): void {
    tolerate(["EPIPE"], () => void write(this.#channel, goAhead));
  }

  #end(): void {
    this.#ended = true;
    this.#settle();
  }

  #settle(): void {
    const waiter = this.#waiter;
    if (waiter === null) return;
    const report = this.#adopt === null ? this.#takeReport() : null;
    if (report === null && this.#failure === null && !this.#ended) return;
    this.#waiter = null;
    if (report !== null) waiter.resolve(report);
    else if (this.#failure !== null) waiter.reject(this.#failure);
    else waiter.resolve(null);
  }

  /** Whoever gets it owns the descriptors. */
  #takeReport(): Report | null {
    const result = this.#result;
    if (result === null) return null;
    const fds = this.#terminal;
    this.#result = null;
    this.#terminal = [];
    return { result, fds };
  }
}

function makeChannel(): [own: Fd, childs: Fd] {
  const [own, childs] = socketpair();
  try {
    return [own, moveUp(childs)];
  } catch (thrown) {
    close(own);
    throw thrown;
  }
}

/** Nothing that a child throws may bring it back into the agent's own code: there would be two agents. */
function runToEnd(body: (channel: Fd) => never, channel: Fd): never {
  try {
    return body(channel);
  } catch {
    return exit(exitSoftware);
  }
}
