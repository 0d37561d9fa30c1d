import { RunvError } from "@runv/protocol";
import type { ConfinedProcess, ProcessIdentity } from "../contract/monitor.ts";
import { event } from "../linux/constants.ts";
import { startTicksOf } from "../linux/process-start.ts";
import { attempt, errnoName } from "../linux/system-error.ts";
import * as sys from "../sys.ts";
import type { TailFile } from "./tail-file.ts";

/** Namespaces, mounts and execve of a confined process, on a loaded host. */
const startTimeoutMs = 20_000;
const maxStatusBytes = 4096;

/** How a process ended. */
export interface ProcessEnd {
  readonly exitCode: number;
  readonly signal: number;
}

/** A confined process of this VM. */
export class Child {
  readonly name: string;
  readonly pid: number;
  readonly isVmm: boolean;
  readonly #log: TailFile;
  /** Reader of the pipe that its start reports to; null once read to its end. */
  #status: number | null;
  #startFailure = "";
  #onStatusEnd: () => void = () => undefined;
  end: ProcessEnd | null = null;

  constructor(
    process: ConfinedProcess,
    started: { pid: number; isVmm: boolean; log: TailFile; status: number },
  ) {
    this.name = process.name;
    this.pid = started.pid;
    this.isVmm = started.isVmm;
    this.#log = started.log;
    this.#status = started.status;
    sys.setNonblock(started.status, true);
    sys.watch(started.status, event.readable, () => {
      this.#readStatus();
    });
  }

  /** Waits until its program runs. @throws RunvError when it could not be started. */
  async started(): Promise<void> {
    const running = await this.#statusEnd();
    if (!running)
      throw new RunvError("timeout", `start ${this.name}: not running after ${startTimeoutMs} ms`);
    if (this.#startFailure !== "")
      throw new RunvError("hypervisor", `start ${this.name}: ${this.#startFailure}`);
  }

  /** Takes its last words; to be called once it has ended. */
  collect(end: ProcessEnd): void {
    this.end = end;
    this.#readStatus();
    this.#log.drain();
  }

  /** One sentence on its end. */
  describeEnd(): string {
    if (this.#startFailure !== "") return `start ${this.name}: ${this.#startFailure}`;
    const how = this.end?.signal
      ? `killed by signal ${this.end.signal}`
      : `exit status ${this.end?.exitCode ?? 0}`;
    const lastLine = this.#log.lastLine();
    return `${this.name} ended: ${how}${lastLine === "" ? "" : `: ${lastLine}`}`;
  }

  identity(): ProcessIdentity {
    return { name: this.name, pid: this.pid, startTicks: startTicksOf(this.pid) };
  }

  kill(signal: number): void {
    if (this.end === null) attempt(() => sys.kill(this.pid, signal));
  }

  /** @returns false when it did not come in time. */
  async #statusEnd(): Promise<boolean> {
    if (this.#status === null) return true;
    return new Promise((resolve) => {
      const timer = sys.setTimer(startTimeoutMs, () => resolve(false));
      this.#onStatusEnd = () => {
        sys.clearTimer(timer);
        resolve(true);
      };
    });
  }

  #readStatus(): void {
    while (this.#status !== null) {
      try {
        const bytes = sys.read(this.#status, maxStatusBytes);
        this.#startFailure = (this.#startFailure + sys.utf8Decode(bytes)).trim();
        if (bytes.length > 0) continue;
      } catch (thrown) {
        if (errnoName(thrown) === "EAGAIN") return;
      }
      sys.unwatch(this.#status);
      sys.close(this.#status);
      this.#status = null;
      this.#onStatusEnd();
    }
  }
}
