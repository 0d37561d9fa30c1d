import {
  frameType,
  type Hello,
  type ProcessName,
  parseHello,
  parseResize,
  parseSignal,
} from "@runv/protocol";
import type { GuestProcess } from "../container/process.ts";
import {
  clearTimer,
  type Fd,
  type ProcessIo,
  processIo,
  setTimer,
  utf8Decode,
  utf8Encode,
} from "../linux/sys.ts";
import type { Port } from "./port.ts";

/** A connection may come before its process: that long it waits, and so many at a time. */
const attachDeadlineMs = 60_000;
const maxWaiting = 1024;
/** After REFUSED the host hangs up; we do so ourselves after this. */
const hangUpDeadlineMs = 1_000;

type FindProcess = (name: ProcessName) => GuestProcess | null;

/** The process-I/O connections: those that wait for their process, by its name, and those that have found it. */
export class ProcessIoServer {
  readonly #find: FindProcess;
  readonly #waiting = new Map<string, IoConnection>();

  constructor(find: FindProcess) {
    this.#find = find;
  }

  serve(port: Port): void {
    port.serve((connection) => {
      new IoConnection(connection, this).start();
    });
  }

  /** Connects a process that has just been made with the connection that waits for it. */
  created(name: ProcessName, process: GuestProcess): void {
    const key = keyOf(name);
    const connection = this.#waiting.get(key);
    this.#waiting.delete(key);
    connection?.attach(process);
  }

  /** Turns away the connection that waits for a process that could not be made. */
  failed(name: ProcessName): void {
    const key = keyOf(name);
    const connection = this.#waiting.get(key);
    this.#waiting.delete(key);
    connection?.refuse("the process could not be created");
  }

  greeted(connection: IoConnection, hello: Hello): void {
    const process = this.#find(hello);
    const key = keyOf(hello);
    if (process !== null) connection.attach(process);
    else if (this.#waiting.has(key)) connection.refuse("another connection waits for this process");
    else if (this.#waiting.size >= maxWaiting) connection.refuse("too many connections wait for a process");
    else {
      this.#waiting.set(key, connection);
      connection.wait(attachDeadlineMs, () => this.#waiting.delete(key));
    }
  }
}

/** One connection: nothing until HELLO, then a process's until either ends. */
class IoConnection {
  readonly #server: ProcessIoServer;
  readonly #io: ProcessIo;
  #greeted = false;
  #preserved = 0;
  #process: GuestProcess | null = null;
  #timer: number | null = null;
  #forget: () => void = () => undefined;

  constructor(connection: Fd, server: ProcessIoServer) {
    this.#server = server;
    this.#io = processIo(connection, {
      onFrame: (type, payload) => this.#frame(type, payload),
      onDrained: () => this.#process?.drained(),
      onDelivered: () => undefined,
      onBroken: () => this.#broken(),
    });
  }

  /** Waits for HELLO, not for ever. */
  start(): void {
    this.#setTimer(attachDeadlineMs, () => this.#close());
  }

  attach(process: GuestProcess): void {
    if (process.attached) {
      this.refuse("the process has its connection already");
      return;
    }
    if (process.streams.preserved.length !== this.#preserved) {
      this.refuse(`the process has ${process.streams.preserved.length} preserved descriptors`);
      return;
    }
    this.#clearTimer();
    this.#process = process;
    process.attach(this.#io);
  }

  refuse(reason: string): void {
    this.#io.sendFrame(frameType.refused, utf8Encode(reason));
    this.#setTimer(hangUpDeadlineMs, () => this.#close());
  }

  /** @param forget called when it waits no longer */
  wait(deadlineMs: number, forget: () => void): void {
    this.#forget = forget;
    this.#setTimer(deadlineMs, () => {
      forget();
      this.refuse("no such process");
    });
  }

  #frame(type: number, payload: Uint8Array): void {
    if (!this.#greeted) this.#greet(type, payload);
    else if (type === frameType.resize) {
      const size = parseResize(payload);
      if (size !== null) this.#process?.resize(size);
    } else if (type === frameType.signal) {
      const signal = parseSignal(payload);
      if (signal !== null) this.#process?.signal(signal);
    }
  }

  #greet(type: number, payload: Uint8Array): void {
    this.#greeted = true;
    const hello = type === frameType.hello ? parseHello(utf8Decode(payload)) : null;
    if (hello === null) this.refuse("the first frame is not a HELLO of this version");
    else {
      this.#preserved = hello.preserved;
      this.#server.greeted(this, hello);
    }
  }

  #broken(): void {
    this.#clearTimer();
    this.#forget();
    this.#process?.broken();
  }

  #close(): void {
    this.#timer = null;
    this.#forget();
    this.#io.close();
  }

  #setTimer(delayMs: number, callback: () => void): void {
    this.#clearTimer();
    this.#timer = setTimer(delayMs, callback);
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimer(this.#timer);
    this.#timer = null;
  }
}

function keyOf(name: ProcessName): string {
  return `${name.container}\0${name.process}`;
}
