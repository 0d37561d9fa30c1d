import { once } from "node:events";
import type { Socket } from "node:net";
import {
  type Exit,
  encodeHello,
  encodeResize,
  encodeSignal,
  frameType,
  type ProcessName,
  parseExit,
  processIoPort,
  stream,
  type WindowSize,
} from "@runv/protocol";
import type { Guest } from "./guest.ts";

const headerBytes = 8;
const data = 4;
const eof = 5;
const credit = 6;
const closed = 7;
const maxPayloadBytes = 65_536;
const firstCreditBytes = 262_144;

/** How a process ended and what it wrote. */
export interface Outcome extends Exit {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** The host's side of one process-I/O connection, which reads all that comes. */
export class ProcessConnection {
  readonly #socket: Socket;
  readonly #output: Record<number, Buffer[]> = { [stream.stdout]: [], [stream.stderr]: [] };
  #buffer = Buffer.alloc(0);
  #stdinCredit = firstCreditBytes;
  #creditGrew: (() => void) | null = null;
  /** Resolves with WELCOME. */
  readonly welcome: Promise<void>;
  /** Resolves with EXIT; rejects when the connection ends without. */
  readonly outcome: Promise<Outcome>;
  #welcomed: () => void = () => undefined;
  #exited: (exit: Exit) => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;
  stdinClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const refusal = new Promise<never>((_resolve, reject) => (this.#failed = reject));
    this.welcome = Promise.race([new Promise<void>((resolve) => (this.#welcomed = resolve)), refusal]);
    const exit = new Promise<Exit>((resolve) => (this.#exited = resolve));
    this.outcome = Promise.race([exit, refusal]).then((ended) => ({
      ...ended,
      stdout: this.output(stream.stdout),
      stderr: this.output(stream.stderr),
    }));
    for (const promise of [this.welcome, this.outcome, refusal]) promise.catch(() => undefined);
    // It comes paused, with what the guest may have said already.
    socket.on("data", (bytes) => this.#receive(bytes)).resume();
    socket.on("close", () => this.#failed(new Error("the connection ended without EXIT")));
    socket.on("error", (error) => this.#failed(error));
  }

  static async open(guest: Guest, name: ProcessName): Promise<ProcessConnection> {
    const connection = new ProcessConnection(await guest.dial(processIoPort));
    connection.#send(frameType.hello, 0, Buffer.from(encodeHello(name, 0)));
    return connection;
  }

  output(of: number): Buffer {
    return Buffer.concat(this.#output[of] ?? []);
  }

  /** Resolves when what came so far of stdout holds `text`. */
  async outputHas(text: string): Promise<void> {
    while (!this.output(stream.stdout).includes(text)) await once(this.#socket, "data");
  }

  /** Sends to stdin as far as there is credit, and waits for more. */
  async write(bytes: Buffer): Promise<void> {
    for (let offset = 0; offset < bytes.length && !this.stdinClosed; ) {
      if (this.#stdinCredit === 0) await new Promise<void>((resolve) => (this.#creditGrew = resolve));
      const piece = bytes.subarray(offset, offset + Math.min(maxPayloadBytes, this.#stdinCredit));
      if (piece.length === 0) continue;
      this.#stdinCredit -= piece.length;
      offset += piece.length;
      this.#send(data, stream.stdin, piece);
    }
  }

  endInput(): void {
    this.#send(eof, stream.stdin, Buffer.alloc(0));
  }

  signal(number: number): void {
    this.#send(frameType.signal, 0, encodeSignal(number));
  }

  resize(size: WindowSize): void {
    this.#send(frameType.resize, 0, encodeResize(size));
  }

  /** Tells the guest that nobody reads that stream any more. */
  closeOutput(of: number): void {
    this.#send(closed, of, Buffer.alloc(0));
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(type: number, of: number, payload: Uint8Array): void {
    const header = Buffer.alloc(headerBytes);
    header[0] = type;
    header[1] = of;
    header.writeUInt32BE(payload.length, 4);
    this.#socket.write(Buffer.concat([header, payload]));
  }

  #receive(bytes: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    while (this.#buffer.length >= headerBytes) {
      const end = headerBytes + this.#buffer.readUInt32BE(4);
      if (this.#buffer.length < end) return;
      const frame = this.#buffer.subarray(0, end);
      this.#buffer = this.#buffer.subarray(end);
      this.#take(frame[0] ?? 0, frame[1] ?? 0, frame.subarray(headerBytes));
    }
  }

  #take(type: number, of: number, payload: Buffer): void {
    if (type === frameType.welcome) this.#welcomed();
    else if (type === frameType.refused) this.#failed(new Error(`refused: ${payload.toString()}`));
    else if (type === data) this.#keep(of, payload);
    else if (type === credit) this.#grow(payload.readUInt32BE(0));
    else if (type === closed) this.#stopInput();
    else if (type === frameType.exit) this.#end(payload);
  }

  #keep(of: number, payload: Buffer): void {
    this.#output[of]?.push(payload);
    const more = Buffer.alloc(4);
    more.writeUInt32BE(payload.length);
    this.#send(credit, of, more);
  }

  #grow(bytes: number): void {
    this.#stdinCredit += bytes;
    this.#creditGrew?.();
  }

  #stopInput(): void {
    this.stdinClosed = true;
    this.#creditGrew?.();
  }

  #end(payload: Buffer): void {
    const exit = parseExit(payload);
    if (exit === null) this.#failed(new Error("EXIT of the wrong size"));
    else this.#exited(exit);
    this.#socket.end();
  }
}
