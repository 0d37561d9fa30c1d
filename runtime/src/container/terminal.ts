import { RunvError } from "@runv/protocol/errors";
import type { ProxyTerminal } from "../../resident/contract/proxy.ts";
import type { ProcessSpec } from "../oci/process-spec.ts";

export interface TerminalOptions {
  /** `--console-socket`: null without. */
  readonly consoleSocket: string | null;
  /** The verb stays until the process ends: the process may have the verb's own terminal. */
  readonly foreground: boolean;
  /** Whether the verb's stdin is a terminal. */
  readonly stdinIsTerminal: boolean;
}

/** Where a process's terminal is on the host. @throws RunvError invalid-argument with runc's words for what does not fit together. */
export function proxyTerminal(process: ProcessSpec, options: TerminalOptions): ProxyTerminal {
  const { consoleSocket, foreground } = options;
  if (!process.terminal) {
    if (consoleSocket === null) return { kind: "none" };
    throw new RunvError(
      "invalid-argument",
      "cannot use console socket if runv will not detach or allocate tty",
    );
  }
  if (consoleSocket !== null) {
    if (foreground)
      throw new RunvError(
        "invalid-argument",
        "cannot use console socket if runv will not detach or allocate tty",
      );
    return {
      kind: "console-socket",
      path: consoleSocket,
      rows: process.consoleSize?.rows ?? 0,
      columns: process.consoleSize?.columns ?? 0,
    };
  }
  if (!foreground)
    throw new RunvError(
      "invalid-argument",
      "cannot allocate tty if runv will detach without setting console socket",
    );
  if (!options.stdinIsTerminal) {
    throw new RunvError(
      "invalid-argument",
      "process.terminal: stdin is not a terminal (run it from one, use --console-socket, or set terminal to false)",
    );
  }
  return { kind: "inherited" };
}
