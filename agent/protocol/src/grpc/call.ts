import { RunvError, toRunvError } from "../errors.ts";
import { Canceller } from "./cancellation.ts";
import { type ReceiveBudget, RequestBody } from "./request-body.ts";
import type { CallRequest } from "./request-headers.ts";
import { Response } from "./response.ts";
import type { MessageType, RegisteredMethod } from "./service.ts";
import { type Clock, type Http2Session, http2Error } from "./transport.ts";

/** Longest timer that is set; a deadline beyond it (24 days) is as good as none. */
const maxTimerMs = 2 ** 31 - 1;

export interface CallOptions {
  readonly session: Http2Session;
  readonly streamId: number;
  readonly clock: Clock;
  readonly budget: ReceiveBudget;
  readonly maxMessageBytes: number;
  /** There is something to write to the peer. */
  readonly flush: () => void;
}

/** One call, from its headers to its end: the handler's answer, the client's cancellation or the deadline, whichever is first. */
export class Call {
  readonly #options: CallOptions;
  readonly #response: Response;
  readonly #body: RequestBody;
  readonly #canceller = new Canceller();
  #deadlineTimer: number | undefined;
  #answers: AsyncIterator<unknown> | undefined;
  #ended = false;

  constructor(options: CallOptions) {
    const { session, streamId, budget, maxMessageBytes, flush } = options;
    this.#options = options;
    this.#response = new Response(session, streamId);
    const consume = (bytes: number): void => {
      session.consume(streamId, bytes);
      flush();
    };
    this.#body = new RequestBody({ maxMessageBytes, budget, consume });
  }

  start(method: RegisteredMethod, { timeoutMs, metadata }: CallRequest): void {
    const { clock } = this.#options;
    const deadlineMs = timeoutMs === undefined ? undefined : clock.nowMs() + timeoutMs;
    if (timeoutMs !== undefined && timeoutMs <= maxTimerMs)
      this.#deadlineTimer = clock.setTimer(Math.ceil(timeoutMs), () => this.#expire(timeoutMs));
    void this.#run(method, { signal: this.#canceller, deadlineMs, metadata });
  }

  receive(data: Uint8Array): void {
    this.#orFail(() => this.#body.receive(data));
  }

  receiveEnd(): void {
    this.#orFail(() => this.#body.end());
  }

  writable(): void {
    this.#response.wake();
  }

  /** The stream is gone; before the end of the call that is the client's cancellation. */
  closed(errorCode: number): void {
    this.abort(new RunvError("cancelled", `the call was cancelled by the client: HTTP/2 error ${errorCode}`));
  }

  /** Ends the call without an answer: there is nobody to get it. */
  abort(reason: RunvError): void {
    if (this.#end(reason)) this.#canceller.abort(reason);
  }

  /** Ends the call with an error for the client. */
  fail(error: RunvError): void {
    if (!this.#end(error)) return;
    this.#canceller.abort(error);
    this.#answer(() => this.#response.fail(error));
  }

  #expire(timeoutMs: number): void {
    this.#deadlineTimer = undefined;
    this.fail(new RunvError("timeout", `the call took longer than its deadline: ${timeoutMs} ms`));
  }

  async #run(method: RegisteredMethod, context: Parameters<RegisteredMethod["handler"]>[1]): Promise<void> {
    const { definition, handler } = method;
    try {
      const request = definition.requestStream
        ? this.#requests(definition.requestType)
        : await this.#onlyRequest(definition.requestType);
      if (this.#ended) return;
      const result = handler(request, context);
      if (definition.responseStream) await this.#sendEach(result, definition.responseType);
      else await this.#sendOne(await result, definition.responseType);
      if (this.#end()) this.#answer(() => this.#response.succeed());
    } catch (error) {
      this.fail(toRunvError(error));
    }
  }

  async #onlyRequest(type: MessageType<unknown>): Promise<unknown> {
    const message = await this.#body.next();
    if (message === null || (await this.#body.next()) !== null)
      throw new RunvError("unsupported", "the method takes exactly one request message");
    return decode(type, message);
  }

  #requests(type: MessageType<unknown>): AsyncIterableIterator<unknown> {
    const body = this.#body;
    return {
      async next() {
        const message = await body.next();
        return message === null
          ? { done: true, value: undefined }
          : { done: false, value: decode(type, message) };
      },
      async return() {
        body.discard();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  async #sendEach(answers: unknown, type: MessageType<unknown>): Promise<void> {
    const iterator = asyncIterator(answers);
    this.#answers = iterator;
    for (;;) {
      const answer = await iterator.next();
      if (answer.done === true || this.#ended) break;
      await this.#sendOne(answer.value, type);
    }
    this.#answers = undefined;
  }

  async #sendOne(answer: unknown, type: MessageType<unknown>): Promise<void> {
    if (this.#ended) return;
    const room = this.#response.send(type.encode(answer).finish());
    this.#options.flush();
    await room;
  }

  /** An error in bytes from the peer is the call's, not the connection's. */
  #orFail(take: () => void): void {
    try {
      take();
    } catch (error) {
      this.fail(toRunvError(error));
    }
  }

  /** Releases everything the call holds. @returns false when it had ended before */
  #end(reason?: RunvError): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    if (this.#deadlineTimer !== undefined) this.#options.clock.clearTimer(this.#deadlineTimer);
    this.#body.fail(reason ?? new RunvError("invalid-state", "the call has been answered"));
    this.#response.wake();
    this.#stopAnswers();
    return true;
  }

  #stopAnswers(): void {
    const answers = this.#answers;
    this.#answers = undefined;
    // What it still throws has nobody to go to.
    void answers?.return?.().catch(() => undefined);
  }

  /** The last thing on the stream; when even that fails (too much is queued) the stream is reset. */
  #answer(send: () => void): void {
    const { session, streamId, flush } = this.#options;
    try {
      send();
    } catch {
      session.reset(streamId, http2Error.internalError);
    }
    flush();
  }
}

function decode(type: MessageType<unknown>, message: Uint8Array): unknown {
  try {
    return type.decode(message);
  } catch (error) {
    throw new RunvError("protocol", "cannot read a message: not of the method's request type", {
      cause: error,
    });
  }
}

function asyncIterator(answers: unknown): AsyncIterator<unknown> {
  if (isAsyncIterable(answers)) return answers[Symbol.asyncIterator]();
  throw new RunvError("internal", "the handler of a streaming method returned no async iterable");
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
