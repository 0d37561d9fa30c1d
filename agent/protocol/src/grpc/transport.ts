/** Header fields in order; names in lower case. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** What an HTTP/2 session tells its owner; see `Http2Handlers` in native/runv-sys.d.ts. */
export interface Http2Handlers {
  onHeaders(streamId: number, headers: HeaderList, end: boolean): void;
  onData(streamId: number, data: Uint8Array): void;
  onEnd(streamId: number): void;
  onClose(streamId: number, errorCode: number): void;
  onWritable(streamId: number): void;
}

/** The server side of one HTTP/2 connection, without I/O; see `Http2Session` in native/runv-sys.d.ts. */
export interface Http2Session {
  input(data: Uint8Array): void;
  output(maxBytes: number): Uint8Array;
  respond(streamId: number, headers: HeaderList, end: boolean): void;
  send(streamId: number, data: Uint8Array): boolean;
  finish(streamId: number, trailers: HeaderList): void;
  reset(streamId: number, errorCode: number): void;
  consume(streamId: number, bytes: number): void;
  goaway(errorCode: number): void;
  alive(): boolean;
  free(): void;
}

/** A connected byte stream: a socket, however it is made. */
export interface ByteStream {
  /**
   * The next bytes; null at the end, and once the stream is closed. One at a time, and at most one for each turn of the loop:
   * a peer that never stops sending must not keep timers and other connections waiting.
   */
  read(): Promise<Uint8Array | null>;
  /** Takes all of `data`; resolves when more may come, rejects when the stream is broken or closed. One at a time. */
  write(data: Uint8Array): Promise<void>;
  /** Ends both directions and whatever waits for them; does nothing the second time. */
  close(): void;
}

/** Timers and monotonic time in milliseconds. */
export interface Clock {
  nowMs(): number;
  setTimer(delayMs: number, callback: () => void): number;
  clearTimer(id: number): void;
}

/** Error codes of HTTP/2 (RFC 9113 section 7) that the gRPC layer uses. */
export const http2Error = { noError: 0, internalError: 2, cancel: 8, enhanceYourCalm: 11 } as const;
