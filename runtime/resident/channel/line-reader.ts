import { RunvError } from "@runv/protocol";
import * as sys from "../sys.ts";

const newline = 10;

/** Cuts a byte stream into lines of bounded length. */
export class LineReader {
  readonly #maxLineBytes: number;
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** @returns the lines that `bytes` complete, without their newlines. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      this.#keep(bytes.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    this.#keep(bytes.subarray(start));
    return lines;
  }

  #keep(piece: Uint8Array): void {
    this.#pieceBytes += piece.length;
    if (this.#pieceBytes > this.#maxLineBytes) {
      throw new RunvError("resource-exhausted", `spec: a line is longer than ${this.#maxLineBytes} bytes`);
    }
    this.#pieces.push(piece.slice());
  }

  #take(): string {
    const line = new Uint8Array(this.#pieceBytes);
    let offset = 0;
    for (const piece of this.#pieces) {
      line.set(piece, offset);
      offset += piece.length;
    }
    this.#pieces = [];
    this.#pieceBytes = 0;
    return sys.utf8Decode(line);
  }
}
