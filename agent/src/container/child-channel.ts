import {
  type ErrorCode,
  errorMessage,
  isErrorCode,
  isRunvError,
  parseJsonObject,
  RunvError,
} from "@runv/protocol";
import { exit, type Fd, read, sendWithFds, write } from "../linux/sys.ts";

/**
 * What a forked child says to the agent on its socket, one JSON object a line: `ready` when only execve is left (with the
 * terminal's master, three times, when it made one), `moved` when another process goes on in its place, or its error. The end of the stream after `ready` and the go-ahead is
 * execve's success: the socket is close-on-exec.
 */
export type ChildMessage =
  | { readonly event: "ready" }
  | { readonly event: "moved"; readonly pid: number }
  | { readonly event: "done"; readonly result: Readonly<Record<string, number>> }
  | { readonly event: "failed"; readonly code: ErrorCode; readonly message: string };

/** Longest line, newline included. */
export const maxChildMessageBytes = 65_536;
/** The agent's one byte that lets a child go on to execve. */
export const goAhead = "g";

const failedStatus = 1;

export function encodeChildMessage(message: ChildMessage): string {
  return `${JSON.stringify(message)}\n`;
}

/** @returns null for a line that no child of ours writes */
export function parseChildMessage(line: string): ChildMessage | null {
  const child = parseJsonObject(line);
  if (child === null) return null;
  const { event, code, message, result, pid } = child;
  if (event === "ready") return { event };
  if (event === "moved" && typeof pid === "number") return { event, pid };
  if (event === "failed" && isErrorCode(code) && typeof message === "string") return { event, code, message };
  if (event === "done" && typeof result === "object" && result !== null)
    return { event, result: numbersOf(result) };
  return null;
}

function numbersOf(value: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

/** Runs the whole of a child, which never comes back; what it throws goes to the agent. */
export function runChild(channel: Fd, body: () => never): never {
  try {
    return body();
  } catch (thrown) {
    write(channel, encodeChildMessage(failureOf(thrown)));
    return exit(failedStatus);
  }
}

/** Says that everything is made, and waits for the go-ahead; without one (the agent gave up) the child ends. */
export function waitForGoAhead(channel: Fd, terminal: Fd | null): void {
  const message = encodeChildMessage({ event: "ready" });
  if (terminal === null) write(channel, message);
  else sendWithFds(channel, message, [terminal, terminal, terminal]);
  if (read(channel, 1).length === 0) exit(failedStatus);
}

/** What the agent is told of an error. */
export function failureOf(thrown: unknown): ChildMessage {
  const code = isRunvError(thrown) ? thrown.code : "agent";
  const message = errorMessage(thrown).slice(0, maxChildMessageBytes / 8);
  return { event: "failed", code, message };
}

/** The error that a child reported. */
export function errorOfChild(message: ChildMessage & { event: "failed" }): RunvError {
  return new RunvError(message.code, message.message);
}
