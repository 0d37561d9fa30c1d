import { appendFileSync } from "node:fs";
import { errorMessage } from "@runv/protocol/errors";

export type LogLevel = "debug" | "info" | "warning" | "error";
export type LogFormat = "text" | "json";

/** What a line is about, beside its sentence. Never values of the environment. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface LogOptions {
  /** `--log`: lines are appended to this file, opened at the first of them. null: lines go to `stderr`. */
  readonly file: string | null;
  readonly format: LogFormat;
  readonly debug: boolean;
  /** Takes text for the user. */
  readonly stderr: (text: string) => void;
}

/**
 * The log that callers read: one JSON object a line, `level`, `msg` and an RFC 3339 `time`. Of a verb that failed containerd takes the
 * last line of level "error" (pkg/process/utils.go, getLastRuntimeError); podman takes the whole file as one object
 * (libpod/oci_conmon_common.go, readConmonPipeData), and conmon what is first on stderr. So warnings wait until it is known how the
 * verb ends: in a failure they are a member of its one line, or come after it. With --debug all is written at once: podman reads no
 * log then.
 */
export class Logger {
  readonly #options: LogOptions;
  readonly #heldWarnings: string[] = [];

  constructor(options: LogOptions) {
    this.#options = options;
  }

  debug(message: string, fields: LogFields = {}): void {
    if (this.#options.debug) this.#write("debug", message, fields);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#write("info", message, fields);
  }

  warning(message: string): void {
    if (this.#options.debug) this.#write("warning", message, {});
    else this.#heldWarnings.push(message);
  }

  /** To be called when the verb has done what it may fail at, and at its end. */
  settle(): void {
    for (const warning of this.#heldWarnings.splice(0)) this.#write("warning", warning, {});
  }

  /** The one error line of a verb that failed: the sentence for the user, who also gets it on stderr. */
  fatal(message: string): void {
    const { file, format, stderr } = this.#options;
    const warnings = file !== null && format === "json" ? this.#heldWarnings.splice(0) : [];
    this.#write("error", message, warnings.length === 0 ? {} : { warnings });
    this.settle();
    if (file !== null) stderr(`${printable(message)}\n`);
  }

  #write(level: LogLevel, message: string, fields: LogFields): void {
    const { file, format, stderr } = this.#options;
    if (file === null) {
      stderr(format === "json" ? jsonLine(level, message, fields) : humanLine(level, message, fields));
      return;
    }
    const line = format === "json" ? jsonLine(level, message, fields) : textLine(level, message, fields);
    try {
      appendFileSync(file, line, { mode: 0o644 });
    } catch (error) {
      stderr(`runv: cannot write the log: ${file}: ${errorMessage(error)}\n`);
    }
  }
}

function jsonLine(level: LogLevel, message: string, fields: LogFields): string {
  return `${JSON.stringify({ ...fields, level, msg: message, time: new Date().toISOString() })}\n`;
}

/** logfmt, as runc's text format. */
function textLine(level: LogLevel, message: string, fields: LogFields): string {
  return `time="${new Date().toISOString()}" level=${level} msg=${JSON.stringify(message)}${pairs(fields)}\n`;
}

function humanLine(level: LogLevel, message: string, fields: LogFields): string {
  return `runv: ${level === "error" ? "" : `${level}: `}${printable(message)}${pairs(fields)}\n`;
}

/** A message may quote a guest: nothing in it is to command the user's terminal. */
function printable(message: string): string {
  return message.replace(/(?![\n\t])\p{Cc}/gu, "?");
}

function pairs(fields: LogFields): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
    .join("");
}
