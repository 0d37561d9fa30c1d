import { appendFileSync } from "node:fs";
import { errorMessage } from "@runv/protocol/errors";

export type LogLevel = "debug" | "info" | "warning" | "error";
export type LogFormat = "text" | "json";

/** What a line is about, beside its sentence. Never values of the environment. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

export interface LogOptions {
  /** `--log`: lines are appended to this file, opened at the first of them. null: lines go to `stderr`. */
  readonly file: string | null;
  readonly format: LogFormat;
  readonly debug: boolean;
  /** Takes text for the user. */
  readonly stderr: (text: string) => void;
}

/**
 * The log that containerd and podman read: one JSON object a line, `level`, `msg` and an RFC 3339 `time`
 * (containerd: pkg/process/utils.go, getLastRuntimeError: the last line of level "error" is the reason of a failure).
 */
export class Logger {
  readonly #options: LogOptions;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  debug(message: string, fields: LogFields = {}): void {
    if (this.#options.debug) this.#write("debug", message, fields);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#write("info", message, fields);
  }

  warning(message: string, fields: LogFields = {}): void {
    this.#write("warning", message, fields);
  }

  /** The one error line of a verb that failed: the sentence for the user, who also gets it on stderr. */
  fatal(message: string): void {
    this.#write("error", message, {});
    if (this.#options.file !== null) this.#options.stderr(`${printable(message)}\n`);
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
