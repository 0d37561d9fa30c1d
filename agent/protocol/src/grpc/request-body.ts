import { RunvError } from "../errors.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";

/** Request bytes that all calls of a connection hold together. */
export interface ReceiveBudget {
  usedBytes: number;
  readonly maxBytes: number;
}

export interface RequestBodyOptions {
  readonly maxMessageBytes: number;
  readonly budget: ReceiveBudget;
  /** Gives the peer credit for that many more bytes. */
  consume(bytes: number): void;
}

interface Waiter {
  resolve(message: Uint8Array | null): void;
  reject(error: RunvError): void;
}

/**
 * The messages of one request. Credit goes back to the peer as long as the reader has no whole message to take, so a reader
 * that is slow holds the peer up after one window, and a message may be larger than the window.
 */
export class RequestBody {
  readonly #options: RequestBodyOptions;
  readonly #buffer: ReceiveBuffer;
  #unconsumedBytes = 0;
  #waiter: Waiter | undefined;
  #ended = false;
  #failure: RunvError | undefined;
  #discarding = false;

  constructor(options: RequestBodyOptions) {
    this.#options = options;
    this.#buffer = new ReceiveBuffer(options.maxMessageBytes);
  }

  /** @throws RunvError when these bytes cannot be accepted; the call fails with it. */
  receive(data: Uint8Array): void {
    if (this.#discarding) {
      this.#options.consume(data.length);
      return;
    }
    const { budget } = this.#options;
    if (budget.usedBytes + data.length > budget.maxBytes)
      throw new RunvError(
        "resource-exhausted",
        `cannot take the request: calls of this connection hold ${budget.usedBytes} bytes`,
      );
    budget.usedBytes += data.length;
    this.#unconsumedBytes += data.length;
    this.#buffer.append(data);
    this.#advance();
  }

  /** The peer has sent all. @throws as `receive` */
  end(): void {
    this.#ended = true;
    if (!this.#discarding) this.#advance();
  }

  /** Whoever waits for a message gets this error, now and later. */
  fail(error: RunvError): void {
    this.#failure ??= error;
    this.discard();
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(this.#failure);
  }

  /** What came and what comes is thrown away; the peer is not held up. */
  discard(): void {
    this.#discarding = true;
    this.#options.budget.usedBytes -= this.#buffer.length;
    this.#buffer.clear();
    this.#releaseCredit();
  }

  /** The next message, or null after the last; one call at a time. */
  async next(): Promise<Uint8Array | null> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#waiter !== undefined)
      throw new RunvError("invalid-state", "cannot read the request: another read is waiting");
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#advance();
    });
  }

  #advance(): void {
    const isWhole = this.#buffer.hasMessage;
    if (!isWhole && this.#ended && this.#buffer.length > 0)
      throw new RunvError("protocol", "cannot read a message: the request ends inside it");
    if (!isWhole) this.#releaseCredit();
    const waiter = this.#waiter;
    if (waiter === undefined || !(isWhole || this.#ended)) return;
    this.#waiter = undefined;
    waiter.resolve(isWhole ? this.#take() : null);
  }

  #take(): Uint8Array {
    const before = this.#buffer.length;
    // A copy: decoded messages may share its memory, and the buffer is written to again.
    const message = this.#buffer.take().slice();
    this.#options.budget.usedBytes -= before - this.#buffer.length;
    if (!this.#buffer.hasMessage) this.#releaseCredit();
    return message;
  }

  #releaseCredit(): void {
    if (this.#unconsumedBytes > 0) this.#options.consume(this.#unconsumedBytes);
    this.#unconsumedBytes = 0;
  }
}
