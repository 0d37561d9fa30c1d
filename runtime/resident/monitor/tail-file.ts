import { event, open } from "../linux/constants.ts";
import { attempt, errnoName } from "../linux/system-error.ts";
import * as sys from "../sys.ts";

const readBytes = 16_384;
const newFileMode = 0o600;
const lastLineMaxLength = 400;

/**
 * Keeps the end of what arrives on a descriptor in a file: never more than `maxBytes`, never less than the last half of that. Nothing is
 * held in memory, and nothing is done while nothing arrives. A file that cannot be written (disk full) loses bytes; it never stops the writer.
 */
export class TailFile {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #file: number;
  readonly #source: number;
  readonly #onBytes: (bytes: Uint8Array) => void;
  #sizeBytes = 0;
  #ended = false;

  /** Owns `source`. @param onBytes sees all that arrives, too. */
  constructor(
    source: number,
    path: string,
    maxBytes: number,
    onBytes: (bytes: Uint8Array) => void = () => undefined,
  ) {
    this.#onBytes = onBytes;
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#source = source;
    this.#file = sys.open(path, open.readWrite | open.create | open.truncate | open.nofollow, newFileMode);
    sys.setNonblock(source, true);
    sys.watch(source, event.readable, () => {
      this.#readOnce();
    });
  }

  /** Takes what is there right now: for the last words of a process that has just ended. */
  drain(): void {
    while (this.#readOnce()) continue;
  }

  /** The last line with something in it, bounded and without control characters: it ends up in an error message. */
  lastLine(): string {
    const lines = this.#keptText().split(/[\r\n]+/);
    const last = lines.reverse().find((line) => line.trim() !== "") ?? "";
    return last
      .replace(/\p{Cc}/gu, "?")
      .slice(0, lastLineMaxLength)
      .trim();
  }

  close(): void {
    this.#endSource();
    attempt(() => sys.close(this.#file));
  }

  /** @returns whether there may be more. */
  #readOnce(): boolean {
    if (this.#ended) return false;
    try {
      const bytes = sys.read(this.#source, readBytes);
      if (bytes.length > 0) this.#append(bytes);
      else this.#endSource();
      return bytes.length > 0;
    } catch (thrown) {
      if (errnoName(thrown) !== "EAGAIN") this.#endSource();
      return false;
    }
  }

  #endSource(): void {
    if (this.#ended) return;
    this.#ended = true;
    sys.unwatch(this.#source);
    sys.close(this.#source);
  }

  #append(bytes: Uint8Array): void {
    this.#onBytes(bytes);
    try {
      if (this.#sizeBytes + bytes.length > this.#maxBytes) this.#dropFirstHalf();
      const fitting = bytes.subarray(Math.max(0, bytes.length - (this.#maxBytes - this.#sizeBytes)));
      sys.writeAt(this.#file, fitting, this.#sizeBytes);
      this.#sizeBytes += fitting.length;
    } catch {
      this.#sizeBytes = 0;
      attempt(() => sys.truncate(this.#file, 0));
    }
  }

  #dropFirstHalf(): void {
    const kept = this.#read(Math.floor(this.#maxBytes / 2));
    sys.truncate(this.#file, 0);
    sys.writeAt(this.#file, kept, 0);
    this.#sizeBytes = kept.length;
  }

  #keptText(): string {
    try {
      return sys.utf8Decode(this.#read(readBytes));
    } catch {
      return "";
    }
  }

  /** The last `bytes` of the file, or all of it. */
  #read(bytes: number): Uint8Array {
    const reader = sys.open(this.#path, open.readOnly | open.nofollow);
    try {
      for (let toSkip = this.#sizeBytes - bytes; toSkip > 0; )
        toSkip -= sys.read(reader, toSkip).length || toSkip;
      return sys.read(reader, bytes);
    } finally {
      sys.close(reader);
    }
  }
}
