import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errorMessage, RunvError } from "@runv/protocol/errors";
import { pollUntil, withDeadline } from "./deadlines.ts";
import { documentTimeoutMs, maxJsonDepth } from "./limits.ts";
import { systemErrorCode } from "./system-error.ts";

const chunkBytes = 64 * 1024;

/** How often a pipe that has nothing to read is looked at. */
const pipePollMs = 5;

/**
 * Reads JSON of at most `maxBytes` from a regular file: nothing else ends for sure, and a FIFO without a writer would hold the verb.
 * @param document how messages name it. @throws RunvError not-found, permission, invalid-argument, resource-exhausted.
 */
export function readJsonFile(path: string, document: string, maxBytes: number): unknown {
  const reader = new BoundedReader(path, document, maxBytes);
  try {
    if (!reader.isRegular)
      throw new RunvError("invalid-argument", `${document}: not a regular file: ${path}`);
    while (reader.readChunk() === "data") continue;
    return parseJson(reader.text(), document);
  } finally {
    reader.close();
  }
}

/**
 * The same from whatever can be read: a file, a FIFO, /dev/stdin, a shell's <(command), as runc's `exec --process` takes it.
 * @throws RunvError also timeout, when the writer of a pipe does not come to its end.
 */
export async function readJsonStream(path: string, document: string, maxBytes: number): Promise<unknown> {
  const reader = new BoundedReader(path, document, maxBytes);
  try {
    await withDeadline(documentTimeoutMs, `${document}: reading ${path}`, null, async (signal) =>
      pollUntil(pipePollMs, signal, () => (reader.readToEnd() ? true : null)),
    );
    return parseJson(reader.text(), document);
  } finally {
    reader.close();
  }
}

/** @throws RunvError invalid-argument when `text` is no JSON or nested too deeply. */
export function parseJson(text: string, document: string): unknown {
  if (nestingDepth(text) > maxJsonDepth) {
    throw new RunvError("invalid-argument", `${document}: nested deeper than ${maxJsonDepth} levels`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RunvError("invalid-argument", `${document}: not valid JSON: ${errorMessage(cause)}`, { cause });
  }
}

/** An open document. It is opened without waiting: the open of a FIFO would wait for a writer (fifo(7)). */
class BoundedReader {
  readonly isRegular: boolean;
  readonly #descriptor: number;
  readonly #isPipe: boolean;
  readonly #path: string;
  readonly #document: string;
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(path: string, document: string, maxBytes: number) {
    this.#path = path;
    this.#document = document;
    this.#maxBytes = maxBytes;
    this.#descriptor = open(path, document);
    const stat = fstatSync(this.#descriptor);
    this.isRegular = stat.isFile();
    this.#isPipe = stat.isFIFO();
  }

  /** @returns whether the end has been reached; false: there is nothing to read just now. */
  readToEnd(): boolean {
    for (;;) {
      const found = this.readChunk();
      if (found === "nothing yet") return false;
      // The end of a pipe from which nothing came: its writer has not opened it yet.
      if (found === "end") return this.#bytes > 0 || !this.#isPipe;
    }
  }

  readChunk(): "data" | "end" | "nothing yet" {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const count = this.#read(chunk);
    if (count === null) return "nothing yet";
    if (count === 0) return "end";
    this.#bytes += count;
    if (this.#bytes > this.#maxBytes) {
      const why = `larger than ${this.#maxBytes} bytes: ${this.#path}`;
      throw new RunvError("resource-exhausted", `${this.#document}: ${why}`);
    }
    this.#chunks.push(chunk.subarray(0, count));
    return "data";
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #read(chunk: Buffer): number | null {
    try {
      return readSync(this.#descriptor, chunk);
    } catch (cause) {
      if (systemErrorCode(cause) === "EAGAIN") return null;
      throw unreadable(this.#path, this.#document, cause);
    }
  }
}

function open(path: string, document: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw unreadable(path, document, cause);
  }
}

function unreadable(path: string, document: string, cause: unknown): RunvError {
  return new RunvError(openErrorCode(cause), `${document}: cannot be read: ${errorMessage(cause)}`, {
    cause,
    context: { path },
  });
}

function openErrorCode(cause: unknown): "not-found" | "permission" | "internal" {
  const code = systemErrorCode(cause);
  if (code === "ENOENT" || code === "ENOTDIR") return "not-found";
  return code === "EACCES" || code === "EPERM" ? "permission" : "internal";
}

function nestingDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (inString) {
      if (character === "\\") index++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") deepest = Math.max(deepest, ++depth);
    else if (character === "}" || character === "]") depth--;
  }
  return deepest;
}
