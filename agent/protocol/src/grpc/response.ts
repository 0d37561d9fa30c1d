import { RunvError } from "../errors.ts";
import { trailersOfError } from "./error-trailers.ts";
import { frameMessage } from "./framing.ts";
import type { HeaderList, Http2Session } from "./transport.ts";

const contentType = ["content-type", "application/grpc+proto"] as const;
const responseHeaders: HeaderList = [[":status", "200"], contentType];
const okTrailers: HeaderList = [["grpc-status", "0"]];

/** The answer to one call: headers, messages, trailers, in that order and each once. */
export class Response {
  readonly #session: Http2Session;
  readonly #streamId: number;
  #hasHeaders = false;
  #room: { promise: Promise<void>; resolve: () => void } | undefined;

  constructor(session: Http2Session, streamId: number) {
    this.#session = session;
    this.#streamId = streamId;
  }

  /**
   * Sends a message.
   * @returns undefined when another may follow at once, else a promise of that (kept by `wake` when the stream is gone)
   * @throws RunvError "resource-exhausted" when too much waits on this connection already
   */
  send(message: Uint8Array): Promise<void> | undefined {
    this.#sendHeaders();
    if (this.#queue(frameMessage(message))) return undefined;
    this.#room ??= openRoom();
    return this.#room.promise;
  }

  #queue(frame: Uint8Array): boolean {
    try {
      return this.#session.send(this.#streamId, frame);
    } catch (cause) {
      const why = `${frame.length} bytes: too much waits to be sent on this connection`;
      throw new RunvError("resource-exhausted", `cannot send a message: ${why}`, { cause });
    }
  }

  /** Whoever waits in `send` goes on. */
  wake(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  succeed(): void {
    this.#sendHeaders();
    this.#session.finish(this.#streamId, okTrailers);
  }

  /** Trailers alone when no message has been sent, as gRPC has it for errors at once. */
  fail(error: RunvError, more: HeaderList = []): void {
    const trailers = [...trailersOfError(error), ...more];
    if (this.#hasHeaders) this.#session.finish(this.#streamId, trailers);
    else this.#session.respond(this.#streamId, [...responseHeaders, ...trailers], true);
  }

  #sendHeaders(): void {
    if (this.#hasHeaders) return;
    this.#session.respond(this.#streamId, responseHeaders, false);
    this.#hasHeaders = true;
  }
}

function openRoom(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
