import { CommanderError } from "@commander-js/extra-typings";
import { errorMessage, isRunvError } from "@runv/protocol/errors";
import type { Settings } from "../config/settings.ts";
import type { Context } from "../container/context.ts";
import { exitCodes } from "../shared/exit-codes.ts";
import { Logger } from "../shared/log.ts";
import type { GlobalOptions } from "./global-options.ts";
import { write } from "./standard-streams.ts";

/** One run of the program: what its verb works with, and the exit status that it comes to. */
export class Session {
  readonly #globalOptions: () => GlobalOptions;
  #exitStatus: number = exitCodes.success;
  #failureStatus: number = exitCodes.failure;
  #log: Logger | null = null;

  constructor(globalOptions: () => GlobalOptions) {
    this.#globalOptions = globalOptions;
  }

  get root(): string {
    return this.#globalOptions().root;
  }

  get systemdCgroup(): boolean {
    return this.#globalOptions().systemdCgroup;
  }

  /** What is configured; few verbs ask, and the others load nothing of it. @throws RunvError naming file, line and key. */
  async settings(): Promise<Settings> {
    const { loadSettings } = await import("../config/load.ts");
    return loadSettings({ file: this.#globalOptions().config ?? null, env: process.env });
  }

  get log(): Logger {
    this.#log ??= this.#makeLog();
    return this.#log;
  }

  /** @param signal aborts when the verb is to be undone; without it, signals end the program. */
  context(signal: AbortSignal = new AbortController().signal): Context {
    return { root: this.root, log: this.log, signal };
  }

  /** @returns whether there is still a reader */
  print(text: string): boolean {
    return write("stdout", text);
  }

  /** Verbs that end with the status of a process. */
  exitWith(status: number): void {
    this.#exitStatus = status;
  }

  /** The status of a failure from here on; exitCodes.failure otherwise. */
  failWith(status: number): void {
    this.#failureStatus = status;
  }

  /** The verb has ended well. @returns the exit status. */
  succeed(): number {
    this.#log?.settle();
    return this.#exitStatus;
  }

  /** Reports what was thrown. @returns the exit status. */
  fail(thrown: unknown): number {
    if (thrown instanceof CommanderError) {
      // Help and version end in this way, too.
      if (thrown.exitCode === 0) return exitCodes.success;
      this.log.fatal(thrown.message.replace(/^error: /, ""));
      return exitCodes.failure;
    }
    if (isRunvError(thrown)) {
      this.log.debug("failed", { ...thrown.context, code: thrown.code });
      this.log.fatal(thrown.message);
    } else {
      this.log.debug("failed", { stack: thrown instanceof Error ? (thrown.stack ?? "") : "" });
      this.log.fatal(
        `internal error: ${errorMessage(thrown)} (a fault in runv: please report it with the output of --debug)`,
      );
    }
    return this.#failureStatus;
  }

  #makeLog(): Logger {
    const { log, logFormat, debug } = this.#globalOptions();
    const file = log === undefined || log === "" ? null : log;
    return new Logger({ file, format: logFormat, debug, stderr: (text) => write("stderr", text) });
  }
}
