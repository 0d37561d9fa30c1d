import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errorMessage, RunvError } from "@runv/protocol/errors";
import { systemErrorCode } from "./system-error.ts";

const chunkBytes = 64 * 1024;

/**
 * The text of a regular file of at most `maxBytes`: nothing else ends for sure, and a FIFO without a writer would hold the verb.
 * @param document how messages name it. @throws RunvError not-found, permission, invalid-argument, resource-exhausted.
 */
export function readRegularFile(path: string, document: string, maxBytes: number): string {
  const reader = new BoundedReader(path, document, maxBytes);
  try {
    if (!reader.isRegular)
      throw new RunvError("invalid-argument", `${document}: not a regular file: ${path}`);
    while (reader.readChunk() === "data") continue;
    return reader.text();
  } finally {
    reader.close();
  }
}

/** An open document. It is opened without waiting: the open of a FIFO would wait for a writer (fifo(7)). */
export class BoundedReader {
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
