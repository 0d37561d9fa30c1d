import { RunvError, toRunvError } from "../errors.ts";
import { Call } from "./call.ts";
import type { ReceiveBudget } from "./request-body.ts";
import { parseRequestHeaders } from "./request-headers.ts";
import { Response } from "./response.ts";
import type { RegisteredMethod } from "./service.ts";
import {
  type ByteStream,
  type Clock,
  type HeaderList,
  type Http2Handlers,
  type Http2Session,
  http2Error,
} from "./transport.ts";

/** Bytes asked of the session for one write. */
const maxOutputBytes = 65_536;
/** How long a peer may take to read the last bytes of a connection that is over, and to close its side. */
const lingerMs = 1_000;

export interface ConnectionOptions {
  readonly stream: ByteStream;
  readonly clock: Clock;
  readonly methods: ReadonlyMap<string, RegisteredMethod>;
  readonly maxMessageBytes: number;
  readonly maxReceivedBytes: number;
  createSession(handlers: Http2Handlers): Http2Session;
}

/**
 * One client: moves bytes between its stream and its HTTP/2 session, and the session's events to the calls. Reading goes on
 * while writing is held up, or two peers that both wait for the other to read would wait for ever; what queues up meanwhile
 * is bounded by the session, which ends the connection beyond that.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #session: Http2Session;
  readonly #budget: ReceiveBudget;
  readonly #calls = new Map<number, Call>();
  /** Resolves when everything is released. */
  readonly over: Promise<void>;
  #resolveOver: () => void = () => undefined;
  #isFlushing = false;
  #isEnding = false;
  /**
   * The peer broke the rules. What it still sends is read and thrown away until it closes: closing with unread bytes would
   * take back the GOAWAY that tells it why.
   */
  #isBroken = false;
  #isShutDown = false;
  #peerHasEnded = false;
  #lingerTimer: number | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#budget = { usedBytes: 0, maxBytes: options.maxReceivedBytes };
    this.over = new Promise((resolve) => (this.#resolveOver = resolve));
    this.#session = options.createSession(this.#handlers());
  }

  /** Serves until the connection is over; everything it held is released then. */
  async run(): Promise<void> {
    this.#flush();
    await this.#readAll();
    this.end(new RunvError("cancelled", "the connection was closed"));
    await this.over;
  }

  /** No new calls; the connection ends when those that run have ended. */
  shutDown(): void {
    if (this.#isEnding) return;
    this.#isShutDown = true;
    this.#session.goaway(http2Error.noError);
    this.#flush();
  }

  /** Ends all calls and, once the peer has been told or `lingerMs` later, the connection. */
  end(reason: RunvError): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { clock, stream } = this.#options;
    this.#lingerTimer = clock.setTimer(lingerMs, () => stream.close());
    for (const call of this.#calls.values()) call.abort(reason);
    this.#calls.clear();
    this.#flush();
  }

  async #readAll(): Promise<void> {
    const { stream } = this.#options;
    try {
      for (let data = await stream.read(); data !== null; data = await stream.read()) this.#input(data);
    } catch {
      // A broken stream is over like one that has ended; `run` says so to the calls.
    }
    this.#peerHasEnded = true;
    if (this.#isBroken) this.#flush();
  }

  #input(data: Uint8Array): void {
    if (this.#isEnding) return;
    try {
      this.#session.input(data);
      this.#flush();
    } catch (cause) {
      this.#break(cause);
    }
  }

  #break(cause?: unknown): void {
    this.#isBroken = true;
    this.end(new RunvError("cancelled", "the connection broke the rules of HTTP/2", { cause }));
  }

  /** Soon, once for all that one turn has to say. */
  #flush(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    void this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve();
    try {
      for (let data = this.#session.output(maxOutputBytes); data.length > 0; ) {
        await this.#options.stream.write(data);
        data = this.#session.output(maxOutputBytes);
      }
      this.#isFlushing = false;
      this.#afterOutput();
    } catch {
      this.#close();
    }
  }

  #afterOutput(): void {
    if (!this.#isEnding && this.#session.alive()) return;
    // `end` flushes once more, and comes back here.
    if (!this.#isEnding && !this.#isShutDown) this.#break();
    else if (!this.#isBroken || this.#peerHasEnded) this.#close();
  }

  #close(): void {
    // Nobody flushes a session that is gone.
    this.#isFlushing = true;
    this.end(new RunvError("cancelled", "the connection was closed"));
    if (this.#lingerTimer !== undefined) this.#options.clock.clearTimer(this.#lingerTimer);
    this.#options.stream.close();
    this.#session.free();
    this.#resolveOver();
  }

  #handlers(): Http2Handlers {
    return {
      onHeaders: (streamId, headers, end) => {
        this.#accept(streamId, headers);
        if (end) this.#calls.get(streamId)?.receiveEnd();
      },
      onData: (streamId, data) => {
        const call = this.#calls.get(streamId);
        if (call === undefined) this.#session.consume(streamId, data.length);
        else call.receive(data);
      },
      onEnd: (streamId) => this.#calls.get(streamId)?.receiveEnd(),
      onClose: (streamId, errorCode) => {
        const call = this.#calls.get(streamId);
        this.#calls.delete(streamId);
        call?.closed(errorCode);
      },
      onWritable: (streamId) => this.#calls.get(streamId)?.writable(),
    };
  }

  #accept(streamId: number, headers: HeaderList): void {
    const session = this.#session;
    try {
      const request = parseRequestHeaders(headers);
      if ("httpStatus" in request) {
        session.respond(streamId, [[":status", request.httpStatus]], true);
        return;
      }
      const method = this.#options.methods.get(request.path);
      if (method === undefined) throw new RunvError("unsupported", `no such method: ${request.path}`);
      this.#newCall(streamId).start(method, request);
    } catch (error) {
      new Response(session, streamId).fail(toRunvError(error), [["grpc-accept-encoding", "identity"]]);
    }
  }

  #newCall(streamId: number): Call {
    const { clock, maxMessageBytes } = this.#options;
    const flush = (): void => this.#flush();
    const call = new Call({
      session: this.#session,
      streamId,
      clock,
      budget: this.#budget,
      maxMessageBytes,
      flush,
    });
    this.#calls.set(streamId, call);
    return call;
  }
}
