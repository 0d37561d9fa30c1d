import type { Socket } from "node:net";

/** The frames of agent/protocol/README.md, written down once more: a codec that shares nothing with the programs under test. */
const types = {
  hello: 1,
  welcome: 2,
  refused: 3,
  data: 4,
  eof: 5,
  credit: 6,
  closed: 7,
  resize: 8,
  signal: 9,
  exit: 10,
} as const;
export type FrameName = keyof typeof types;
const headerBytes = 8;
export const initialCreditBytes = 262_144;
const maxPayloadBytes = 65_536;

export interface Frame {
  readonly name: FrameName;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The guest's end of a process-I/O connection. Credit for received bytes is given back at once, unless `holdCredit`. */
export class Frames {
  readonly socket: Socket;
  readonly #received: Frame[] = [];
  readonly #credit = new Map<number, number>();
  #buffer: Buffer = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  #ended = false;
  holdCredit = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on("end", end).on("close", end);
    socket.resume();
  }

  send(name: FrameName, stream = 0, payload: Buffer = Buffer.alloc(0)): boolean {
    const header = Buffer.alloc(headerBytes);
    header.writeUInt8(types[name], 0);
    header.writeUInt8(stream, 1);
    header.writeUInt32BE(payload.length, 4);
    return this.socket.write(Buffer.concat([header, payload]));
  }

  sendExit(exitCode: number, signal = 0): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(exitCode, 0);
    payload.writeUInt32BE(signal, 4);
    this.send("exit", 0, payload);
  }

  /** Sends bytes of a stream, never more than there is credit for. @returns false when the reader is gone (CLOSED) or the connection is. */
  async sendData(stream: number, data: Buffer): Promise<boolean> {
    for (let offset = 0; offset < data.length; ) {
      const credit = this.creditOf(stream);
      if (this.#ended || this.#received.some((f) => f.name === "closed" && f.stream === stream)) return false;
      if (credit === 0) {
        await this.#change();
        continue;
      }
      const piece = data.subarray(offset, offset + Math.min(credit, maxPayloadBytes));
      offset += piece.length;
      this.#credit.set(stream, credit - piece.length);
      if (!this.send("data", stream, piece)) await this.#drained();
    }
    return true;
  }

  creditOf(stream: number): number {
    return this.#credit.get(stream) ?? initialCreditBytes;
  }

  /** Takes the next frame of this kind; frames of other kinds stay for others. */
  async next(name: FrameName): Promise<Frame> {
    for (;;) {
      const index = this.#received.findIndex((frame) => frame.name === name);
      const [found] = index < 0 ? [] : this.#received.splice(index, 1);
      if (found !== undefined) return found;
      if (this.#ended) throw new Error(`the connection ended without ${name}`);
      await this.#change();
    }
  }

  /** The next piece of a stream; null at its end. */
  async nextData(stream: number): Promise<Buffer | null> {
    for (;;) {
      const index = this.#received.findIndex(
        (frame) => frame.stream === stream && (frame.name === "data" || frame.name === "eof"),
      );
      const [found] = index < 0 ? [] : this.#received.splice(index, 1);
      if (found?.name === "eof") return null;
      if (found !== undefined) return found.payload;
      if (this.#ended) throw new Error("the connection ended within a stream");
      await this.#change();
    }
  }

  /** Waits for the end of the connection. */
  async ended(): Promise<void> {
    while (!this.#ended) await this.#change();
  }

  giveCredit(stream: number, bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes, 0);
    this.send("credit", stream, payload);
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      const former = this.#wake;
      this.#wake = () => {
        former();
        resolve();
      };
    });
  }

  async #drained(): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.socket.off("drain", done).off("close", done);
        resolve();
      };
      this.socket.on("drain", done).on("close", done);
    });
  }

  #take(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    let offset = 0;
    while (this.#buffer.length - offset >= headerBytes) {
      const end = offset + headerBytes + this.#buffer.readUInt32BE(offset + 4);
      if (this.#buffer.length < end) break;
      this.#onFrame(this.#buffer.subarray(offset, end));
      offset = end;
    }
    this.#buffer = this.#buffer.subarray(offset);
    const wake = this.#wake;
    this.#wake = () => undefined;
    wake();
  }

  #onFrame(bytes: Buffer): void {
    const number = bytes.readUInt8(0);
    const name = (Object.keys(types) as FrameName[]).find((candidate) => types[candidate] === number);
    if (name === undefined || bytes.readUInt16BE(2) !== 0) throw new Error(`not a frame: type ${number}`);
    const frame: Frame = {
      name,
      stream: bytes.readUInt8(1),
      payload: Buffer.from(bytes.subarray(headerBytes)),
    };
    if (name === "credit") {
      this.#credit.set(frame.stream, this.creditOf(frame.stream) + frame.payload.readUInt32BE(0));
      return;
    }
    this.#received.push(frame);
    if (name === "data" && !this.holdCredit) this.giveCredit(frame.stream, frame.payload.length);
  }
}
