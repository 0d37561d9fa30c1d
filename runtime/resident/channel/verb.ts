import { RunvError } from "@runv/protocol";
import { event } from "../linux/constants.ts";
import { attempt } from "../linux/system-error.ts";
import * as sys from "../sys.ts";
import { LineReader } from "./line-reader.ts";

/** The descriptor on which every resident piece meets the verb that started it. */
export const verbFd = 3;
const usualSpecBytes = 1 << 20;
const readBytes = 65_536;

export interface VerbHandlers {
  /** The first line, as JSON. */
  onSpec(spec: unknown): void;
  /** {"commit":true}. @returns whether it is done: then the channel is closed; else there is a last word to come. */
  onCommit(): boolean;
  /** {"proceed":true}: the piece has said that it waits for this. Absent: it never does. */
  onProceed?(): void;
  /** The verb is gone, or it said something that nobody can understand. Nothing more is read; a last word can still be sent. */
  onGone(reason: RunvError): void;
}

export interface VerbChannel {
  /** Does nothing once the channel is closed. */
  send(message: object): void;
  close(): void;
}

/** Opens descriptor 3: one JSON object a line, both ways (contract/). */
export function openVerbChannel(handlers: VerbHandlers, maxSpecBytes = usualSpecBytes): VerbChannel {
  const lines = new LineReader(maxSpecBytes);
  let open = true;
  let specified = false;
  const close = (): void => {
    if (!open) return;
    open = false;
    attempt(() => sys.unwatch(verbFd));
    sys.close(verbFd);
  };
  const onLine = (line: string): void => {
    const value = parseJson(line);
    if (!specified) {
      specified = true;
      handlers.onSpec(value);
      return;
    }
    if (handlers.onProceed !== undefined && isWord(value, "proceed")) {
      handlers.onProceed();
      return;
    }
    if (!isWord(value, "commit")) throw new RunvError("internal", "verb: expected a commit");
    if (handlers.onCommit()) close();
  };
  const onReadable = (): void => {
    try {
      const bytes = sys.read(verbFd, readBytes);
      if (bytes.length === 0) throw new RunvError("cancelled", "the verb ended before it committed");
      for (const line of lines.push(bytes)) if (open) onLine(line);
    } catch (thrown) {
      if (open) sys.unwatch(verbFd);
      handlers.onGone(asRunvError(thrown));
    }
  };
  sys.setNonblock(verbFd, true);
  sys.setCloexec(verbFd, true);
  sys.watch(verbFd, event.readable, onReadable);
  return {
    close,
    // A verb that died meanwhile shows as the end of the channel; events are far smaller than a socket's buffer.
    send: (message) => {
      // Once closed, the number may be that of any other descriptor.
      if (open) attempt(() => sys.write(verbFd, `${JSON.stringify(message)}\n`));
    },
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new RunvError("internal", "verb: a line is not JSON", { cause });
  }
}

function isWord(value: unknown, word: "commit" | "proceed"): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.entries(value).some(([name, said]) => name === word && said === true)
  );
}

function asRunvError(thrown: unknown): RunvError {
  if (thrown instanceof RunvError) return thrown;
  return new RunvError("cancelled", `the verb cannot be heard any more: ${String(thrown)}`, {
    cause: thrown,
  });
}
