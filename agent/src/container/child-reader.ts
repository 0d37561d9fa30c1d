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
  /** The only line that can bring a terminal: others may be written by whoever traces the process in the container. */
  readonly terminalLine: number;
}

/** Reads a child's lines off its channel as they come. */
export class ChildReader {
  readonly #channel: Fd;
  readonly #handlers: ChildHandlers;
  #text = "";
  #lines = 0;
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

  #deliver(fds: readonly Fd[]): void {
    const lines = this.#text.split("\n");
    this.#text = lines.pop() ?? "";
    let unclaimed = fds;
    for (const line of lines) {
      const message = parseChildMessage(line);
      const number = this.#lines++;
      if (message?.event === "terminal") {
        if (number !== this.#handlers.terminalLine) continue;
        this.#handlers.onMessage(message, unclaimed);
        unclaimed = [];
      } else if (message !== null) this.#handlers.onMessage(message, []);
    }
    unclaimed.forEach(close);
  }
}
