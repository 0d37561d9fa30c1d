import { errnoOf } from "../linux/errno.ts";
import { close, type Fd, receiveWithFds, unwatch, utf8Decode, watch } from "../linux/sys.ts";
import { type ChildMessage, maxChildMessageBytes, parseChildMessage } from "./child-channel.ts";

const EPOLLIN = 1;
const maxFds = 3;

export interface ChildHandlers {
  /** Descriptors that came with the line belong to the receiver. */
  onMessage(message: ChildMessage, fds: readonly Fd[]): void;
  /** The child has closed its end, by execve(2) or by ending. */
  onEnd(): void;
}

/** Reads a child's lines off its channel as they come. */
export class ChildReader {
  readonly #channel: Fd;
  readonly #handlers: ChildHandlers;
  #text = "";
  #fds: Fd[] = [];
  #open = true;

  constructor(channel: Fd, handlers: ChildHandlers) {
    this.#channel = channel;
    this.#handlers = handlers;
    watch(channel, EPOLLIN, () => this.#read());
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    unwatch(this.#channel);
    close(this.#channel);
    this.#fds.forEach(close);
  }

  #read(): void {
    const received = this.#receive();
    if (received === null) return;
    this.#fds.push(...received.fds);
    if (received.data.length === 0 || this.#text.length > maxChildMessageBytes) {
      this.close();
      this.#handlers.onEnd();
      return;
    }
    this.#text += utf8Decode(received.data);
    this.#deliver();
  }

  #receive(): ReturnType<typeof receiveWithFds> | null {
    try {
      return receiveWithFds(this.#channel, maxChildMessageBytes, maxFds);
    } catch (thrown) {
      if (errnoOf(thrown) === "EAGAIN") return null;
      return { data: new Uint8Array(0), fds: [] };
    }
  }

  #deliver(): void {
    const lines = this.#text.split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) {
      const message = parseChildMessage(line);
      if (message === null) continue;
      const fds = this.#fds;
      this.#fds = [];
      this.#handlers.onMessage(message, fds);
    }
  }
}
