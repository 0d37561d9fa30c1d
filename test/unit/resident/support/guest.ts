import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Frames } from "./frames.ts";

/** What stands in for a guest: a UNIX socket that takes "CONNECT <port>\n". */
export interface Guest {
  readonly path: string;
  /** The next connection that was accepted, with its port; nothing of what follows the CONNECT line has been read. */
  nextConnection(): Promise<{ port: number; socket: Socket }>;
  /** The next process-I/O connection, after its HELLO was read and WELCOME sent. */
  nextProcess(): Promise<GuestProcess>;
  close(): Promise<void>;
}

export interface GuestOptions {
  /** This many connections are closed first, without an answer: nobody listens in the guest yet. */
  readonly refusals?: number;
  /** And then as many are never answered. */
  readonly silences?: number;
}

export interface GuestProcess {
  readonly hello: Record<string, unknown>;
  readonly frames: Frames;
}

const guests: Guest[] = [];

export async function startGuest(path: string, options: GuestOptions = {}): Promise<Guest> {
  const accepted = new Queue<{ port: number; socket: Socket }>();
  const sockets = new Set<Socket>();
  let { refusals = 0, silences = 0 } = options;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    if (refusals > 0) {
      refusals -= 1;
      socket.destroy();
      return;
    }
    if (silences > 0) {
      silences -= 1;
      return;
    }
    void readConnect(socket).then((port) => {
      if (port === null) return;
      socket.write(`OK ${port + 1000}\n`);
      accepted.push({ port, socket });
    });
  });
  server.listen(path);
  await once(server, "listening");
  const guest: Guest = {
    path,
    nextConnection: async () => accepted.shift(),
    nextProcess: async () => {
      const { socket } = await accepted.shift();
      const frames = new Frames(socket);
      const hello = await frames.next("hello");
      frames.send("welcome");
      return { hello: JSON.parse(hello.payload.toString()) as Record<string, unknown>, frames };
    },
    close: async () => closeServer(server, sockets),
  };
  guests.push(guest);
  return guest;
}

export async function closeGuests(): Promise<void> {
  for (const guest of guests.splice(0)) await guest.close();
}

/** Reads no byte behind the line. */
async function readConnect(socket: Socket): Promise<number | null> {
  let line = "";
  while (!line.endsWith("\n")) {
    const byte = socket.read(1) as Buffer | null;
    if (byte !== null) line += byte.toString("latin1");
    else if (socket.readableEnded || socket.destroyed) return null;
    else await Promise.race([once(socket, "readable"), once(socket, "close"), once(socket, "end")]);
  }
  return Number(/^CONNECT (\d+)\n$/.exec(line)?.[1]);
}

async function closeServer(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  if (!server.listening) return;
  server.close();
  await once(server, "close");
}

class Queue<T> {
  readonly #items: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  push(item: T): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#items.push(item);
    else waiter(item);
  }

  async shift(): Promise<T> {
    const item = this.#items.shift();
    if (item !== undefined) return item;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
