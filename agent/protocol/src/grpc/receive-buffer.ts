import { parsePrefix, prefixBytes } from "./framing.ts";

const nothing: Uint8Array = new Uint8Array(0);

/**
 * The body of one request as it arrives, cut into messages when they are asked for. The bytes stand in one piece, so that
 * a peer that sends them one by one costs no more memory than one that does not.
 */
export class ReceiveBuffer {
  readonly #maxMessageBytes: number;
  #bytes: Uint8Array = nothing;
  #start = 0;
  #end = 0;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Takes `piece` over: the caller no longer changes it. */
  append(piece: Uint8Array): void {
    if (this.length === 0) {
      this.#bytes = piece;
      this.#start = 0;
      this.#end = piece.length;
      return;
    }
    if (this.#end + piece.length > this.#bytes.length) this.#makeRoom(piece.length);
    this.#bytes.set(piece, this.#end);
    this.#end += piece.length;
  }

  #makeRoom(wanted: number): void {
    const kept = this.#bytes.subarray(this.#start, this.#end);
    const needed = kept.length + wanted;
    const target = needed * 2 <= this.#bytes.length ? this.#bytes : new Uint8Array(needed * 2);
    if (target === this.#bytes) target.copyWithin(0, this.#start, this.#end);
    else target.set(kept);
    this.#bytes = target;
    this.#start = 0;
    this.#end = kept.length;
  }

  /** Whether a whole message is here. @throws RunvError when its prefix is not acceptable (`parsePrefix`) */
  get hasMessage(): boolean {
    if (this.length < prefixBytes) return false;
    return this.length - prefixBytes >= parsePrefix(this.#bytes, this.#start, this.#maxMessageBytes);
  }

  /** The next message, which must be whole. Valid until the next call of `append`. */
  take(): Uint8Array {
    const from = this.#start + prefixBytes;
    const to = from + parsePrefix(this.#bytes, this.#start, this.#maxMessageBytes);
    this.#start = to;
    return this.#bytes.subarray(from, to);
  }

  clear(): void {
    this.#bytes = nothing;
    this.#start = 0;
    this.#end = 0;
  }
}
