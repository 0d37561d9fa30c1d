import {
  type ErrorCode,
  errorMessage,
  isErrorCode,
  isRunvError,
  parseJsonObject,
  RunvError,
} from "@runv/protocol";
import { close, exit, type Fd, read, sendWithFds, write } from "../linux/sys.ts";

/**
 * What a forked child says to the agent on its socket, one JSON object a line: `terminal` (with its master, twice) first of all
 * when it made one, `moved` when another process goes on in its place, `ready` when only execve is left (`hooked` after hooks that come
 * in between), or its error. The end of the stream after `ready` and the go-ahead is execve's success: the socket is close-on-exec.
 */
export type ChildMessage =
  | { readonly event: "terminal" }
  | { readonly event: "ready" }
  | { readonly event: "hooked" }
  | { readonly event: "moved"; readonly pid: number }
  | { readonly event: "done"; readonly result: Readonly<Record<string, number>> }
  | { readonly event: "failed"; readonly code: ErrorCode; readonly message: string };

/** Longest line, newline included. */
export const maxChildMessageBytes = 65_536;
/** The agent's one byte that lets a child go on: what `moved` from another once it is known, all to execve. */
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
  if (event === "terminal" || event === "ready" || event === "hooked") return { event };
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

/**
 * Hands the agent the master of the terminal. The child keeps none: whoever can trace it could take that, and make the agent's reads
 * block by the flags that all copies of a descriptor share.
 */
export function handOverMaster(channel: Fd, master: Fd): void {
  sendWithFds(channel, encodeChildMessage({ event: "terminal" }), [master, master]);
  close(master);
}

/** Says that everything is made, and waits for the go-ahead. */
export function waitForGoAhead(channel: Fd): void {
  write(channel, encodeChildMessage({ event: "ready" }));
  awaitAgent(channel);
}

/** Waits until the agent lets the process go on; ends it when the agent has given up. */
export function awaitAgent(channel: Fd): void {
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
