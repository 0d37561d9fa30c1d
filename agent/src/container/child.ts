import { type Exit, RunvError } from "@runv/protocol";
import { tolerate } from "../linux/errno.ts";
import { onExit } from "../linux/reaper.ts";
import { SIGKILL } from "../linux/signals.ts";
import { close, type Fd, kill, setNonblock, socketpair, write } from "../linux/sys.ts";
import { type ChildMessage, errorOfChild, goAhead } from "./child-channel.ts";
import { ChildReader } from "./child-reader.ts";

/** What a child has made for the agent: the result of its work, or its terminal's master, three times. */
interface Report {
  readonly result: Readonly<Record<string, number>>;
  readonly fds: readonly Fd[];
}

interface Waiter {
  resolve(report: Report | null): void;
  reject(error: RunvError): void;
}

/** The agent's side of a forked child of its own program, until the child becomes another one or ends. */
export class Child {
  readonly pid: number;
  readonly #channel: Fd;
  readonly #reader: ChildReader;
  #waiter: Waiter | null = null;
  #reports: Report[] = [];
  #failure: RunvError | null = null;
  #ended = false;
  #exited = false;

  /**
   * @param fork clone(2) with what the child needs; returns twice
   * @param body the whole life of the child; its argument is its end of the channel
   */
  constructor(fork: () => number, body: (channel: Fd) => never, exited: (exit: Exit) => void) {
    const [own, childs] = socketpair();
    try {
      setNonblock(childs, false);
      this.pid = fork();
    } catch (thrown) {
      close(own);
      close(childs);
      throw thrown;
    }
    if (this.pid === 0) body(childs);
    close(childs);
    onExit(this.pid, (exit) => {
      this.#exited = true;
      exited(exit);
    });
    setNonblock(own, true);
    this.#channel = own;
    this.#reader = new ChildReader(own, {
      onMessage: (message, fds) => this.#take(message, fds),
      onEnd: () => this.#end(),
    });
  }

  /** What the child says next. @throws RunvError what it reported, or "agent" when it died silently */
  async report(): Promise<Report> {
    const report = await this.#next();
    if (report === null) throw new RunvError("agent", "the process was killed while it was being set up");
    return report;
  }

  /** Lets the child go on; resolves when it has become another program. @throws RunvError what it reported */
  async release(): Promise<void> {
    tolerate(["EPIPE"], () => void write(this.#channel, goAhead));
    await this.#next();
  }

  /** Does nothing to a child that has been reaped: its pid may be another's. */
  signal(number: number): void {
    if (!this.#exited) tolerate(["ESRCH"], () => kill(this.pid, number));
  }

  /** Ends a child that nobody waits for any more. */
  abandon(): void {
    this.signal(SIGKILL);
    this.#reader.close();
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
    else this.#reports.push({ result: message.event === "done" ? message.result : {}, fds });
    this.#settle();
  }

  #end(): void {
    this.#ended = true;
    this.#settle();
  }

  #settle(): void {
    const waiter = this.#waiter;
    if (waiter === null) return;
    const report = this.#reports.shift();
    if (report === undefined && this.#failure === null && !this.#ended) return;
    this.#waiter = null;
    if (report !== undefined) waiter.resolve(report);
    else if (this.#failure !== null) waiter.reject(this.#failure);
    else waiter.resolve(null);
  }
}
