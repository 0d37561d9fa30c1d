import { errnoOf } from "../linux/errno.ts";
import { close, type Fd, receiveWithFds, unwatch, utf8Decode, watch } from "../linux/sys.ts";
import { type ChildMessage, maxChildMessageBytes, parseChildMessage } from "./child-channel.ts";

const EPOLLIN = 1;
const maxFds = 2;

export interface ChildHandlers {
  /** Descriptors come with `terminal` alone, and belong to the receiver. */
  onMessage(message: ChildMessage, fds: readonly Fd[]): void;
  /** The child has closed its end, by execve(2) or by ending. */
  onEnd(): void;
}

/** Reads a child's lines off its channel as they come. */
export class ChildReader {
  readonly #channel: Fd;
  readonly #handlers: ChildHandlers;
  #text = "";
  #begun = false;
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
  }

  #read(): void {
    const received = this.#receive();
    if (received === null) return;
    if (received.data.length === 0 || this.#text.length > maxChildMessageBytes) {
      received.fds.forEach(close);
      this.close();
      this.#handlers.onEnd();
      return;
    }
    this.#text += utf8Decode(received.data);
    this.#deliver(received.fds);
  }

  #receive(): ReturnType<typeof receiveWithFds> | null {
    try {
      return receiveWithFds(this.#channel, maxChildMessageBytes, maxFds);
    } catch (thrown) {
      if (errnoOf(thrown) === "EAGAIN") return null;
      return { data: new Uint8Array(0), fds: [] };
    }
  }

  /** Only the first line can bring a terminal: later ones may be written by whoever traces the process in the container. */
  #deliver(fds: readonly Fd[]): void {
    const lines = this.#text.split("\n");
    this.#text = lines.pop() ?? "";
    let unclaimed = fds;
    for (const line of lines) {
      const message = parseChildMessage(line);
      const isFirst = !this.#begun;
      this.#begun = true;
      if (message?.event === "terminal") {
        if (!isFirst) continue;
        this.#handlers.onMessage(message, unclaimed);
        unclaimed = [];
      } else if (message !== null) this.#handlers.onMessage(message, []);
    }
    unclaimed.forEach(close);
  }
}
