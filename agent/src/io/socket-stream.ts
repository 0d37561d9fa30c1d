import { type ByteStream, RunvError } from "@runv/protocol";
import { errnoOf, stepError } from "../linux/errno.ts";
import { close, type Fd, read, rewatch, unwatch, watch, write } from "../linux/sys.ts";

const EPOLLIN = 1;
const EPOLLOUT = 4;
const maxReadBytes = 65_536;

/** A non-blocking stream socket as the gRPC server wants it. Owns the descriptor. */
export class SocketStream implements ByteStream {
  readonly #fd: Fd;
  #open = true;
  #watched = 0;
  #reader: ((data: Uint8Array | null) => void) | null = null;
  #writer: { readonly settle: (error: RunvError | null) => void; rest: Uint8Array } | null = null;

  constructor(fd: Fd) {
    this.#fd = fd;
    watch(fd, 0, (events) => this.#ready(events));
  }

  async read(): Promise<Uint8Array | null> {
    return new Promise((resolve) => {
      this.#reader = resolve;
      this.#tryRead();
    });
  }

  async write(data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: RunvError | null): void => (error === null ? resolve() : reject(error));
      this.#writer = { settle, rest: data };
      this.#tryWrite();
    });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    unwatch(this.#fd);
    close(this.#fd);
    this.#tryRead();
    this.#tryWrite();
  }

  #ready(events: number): void {
    // Errors and hang-ups come beside what was asked for; whoever waits meets them in its own call.
    if ((events & ~EPOLLOUT) !== 0) this.#tryRead();
    if ((events & ~EPOLLIN) !== 0) this.#tryWrite();
  }

  #tryRead(): void {
    const reader = this.#reader;
    if (reader === null) return;
    const data = this.#open ? this.#readNow() : null;
    if (data !== undefined) this.#reader = null;
    this.#rewatch();
    if (data !== undefined) reader(data);
  }

  /** Undefined when nothing is there yet, null at the end. */
  #readNow(): Uint8Array | null | undefined {
    try {
      const data = read(this.#fd, maxReadBytes);
      return data.length === 0 ? null : data;
    } catch (thrown) {
      return errnoOf(thrown) === "EAGAIN" ? undefined : null;
    }
  }

  #tryWrite(): void {
    const writer = this.#writer;
    if (writer === null) return;
    const outcome = this.#open
      ? this.#writeNow(writer)
      : new RunvError("unavailable", "the stream is closed");
    if (outcome !== undefined) this.#writer = null;
    this.#rewatch();
    if (outcome !== undefined) writer.settle(outcome);
  }

  /** Undefined while some is left, null when all is written, else the error. */
  #writeNow(writer: { rest: Uint8Array }): RunvError | null | undefined {
    try {
      while (writer.rest.length > 0) writer.rest = writer.rest.subarray(write(this.#fd, writer.rest));
      return null;
    } catch (thrown) {
      return errnoOf(thrown) === "EAGAIN" ? undefined : stepError("write to the connection", thrown);
    }
  }

  #rewatch(): void {
    if (!this.#open) return;
    const wanted = (this.#reader === null ? 0 : EPOLLIN) | (this.#writer === null ? 0 : EPOLLOUT);
    if (wanted === this.#watched) return;
    this.#watched = wanted;
    rewatch(this.#fd, wanted);
  }
}
