import { errorMessage, isRunvError, RunvError } from "@runv/protocol";
import { maxAnswerBytes, maxRequestBytes, readLine } from "../guest/line.ts";
import { event } from "../linux/constants.ts";
import { raiseDescriptorLimit } from "../linux/descriptor-limit.ts";
import { attempt, errnoName } from "../linux/system-error.ts";
import { interval } from "../linux/wait.ts";
import * as sys from "../sys.ts";
import type { GuestDialer } from "./guest-dialer.ts";

/** A host that is connected must say which port it wants, and the guest must answer, in this time. */
const handshakeTimeoutMs = 5000;
/** While a guest boots: each try costs the guest little, and each millisecond of waiting delays a start. */
const redialIntervalMs = 5;
const maxConnections = 400;
/** Fewer than these are no use: the control connection, a rootfs, and a few processes. */
const minConnections = 8;
/** Two sockets, and a pipe for each direction. */
const descriptorsPerConnection = 6;
/** Clients beyond the bound that are told so; those beyond these are closed without a word. */
const maxWaitingClients = 64;
/** For everything else that the monitor has open. */
const otherDescriptors = 64 + maxWaitingClients;
/** What is read and forgotten of a client that is refused. */
const maxRefusedBytes = 4096;
/** How long no further client is taken when there are no descriptors left. */
const acceptPauseMs = 100;
const socketMode = 0o600;

/** What is offered on one UNIX socket of the host. */
interface Service {
  /** Finds out which port a client wants. */
  choosePort(client: number, deadlineMs: number): Promise<number | null>;
  /** What a client is told when it is connected. */
  greeting(port: number): string;
  /** Whether refusals are told in words. */
  readonly speaks: boolean;
  /** Whether a client is kept waiting, as long as it stays, until the guest listens. */
  readonly patient: boolean;
}

/** "CONNECT <port>\n" is answered with "OK <port>\n", or with "ERROR …\n", or by closing while the guest does not listen on that port, or says nothing. */
const connectService: Service = {
  choosePort: async (client, deadlineMs) => {
    const line = await readLine(client, { from: "client", deadlineMs, maxBytes: maxRequestBytes });
    return line === null ? null : parseConnect(line);
  },
  greeting: (port) => `OK ${port}\n`,
  speaks: true,
  patient: false,
};

const fixedPortService = (port: number): Service => ({
  choosePort: async () => Promise.resolve(port),
  greeting: () => "",
  speaks: false,
  patient: true,
});

/** One try; a guest that says nothing in time does not listen yet: whoever asks may ask again. */
async function dialOnce(dialer: GuestDialer, port: number, deadlineMs: number): Promise<number | null> {
  try {
    return await dialer.dial(port, deadlineMs);
  } catch (thrown) {
    if (isRunvError(thrown, "timeout")) return null;
    throw thrown;
  }
}

function parseConnect(line: string): number {
  const port = Number(/^CONNECT (\d{1,10})$/.exec(line)?.[1] ?? Number.NaN);
  if (port <= 0xffffffff) return port;
  throw new RunvError("protocol", 'expected "CONNECT <port>"');
}

/** One line that a client takes whole: a character has four bytes at most. */
function answerOf(reason: string): string {
  return `ERROR ${reason.replaceAll("\n", " ").slice(0, maxAnswerBytes / 4 - 2)}\n`;
}

/** The VM's UNIX sockets: each connection becomes a connection to a port of the guest, and C copies the bytes. */
export class GuestPorts {
  readonly #dialer: GuestDialer;
  readonly #listeners: number[] = [];
  readonly #maxConnections: number;
  #connections = 0;
  #onIdle: (() => void) | null = null;

  /** @throws RunvError resource-exhausted when this process may have too few descriptors. */
  constructor(dialer: GuestDialer) {
    this.#dialer = dialer;
    const limit = raiseDescriptorLimit(maxConnections * descriptorsPerConnection + otherDescriptors);
    this.#maxConnections = Math.min(
      maxConnections,
      Math.floor((limit - otherDescriptors) / descriptorsPerConnection),
    );
    if (this.#maxConnections < minConnections) {
      const needed = minConnections * descriptorsPerConnection + otherDescriptors;
      throw new RunvError(
        "resource-exhausted",
        `a virtual machine needs ${needed} open descriptors, the limit is ${limit} (raise it: ulimit -n)`,
      );
    }
  }

  serveConnect(path: string): void {
    this.#listen(path, connectService);
  }

  servePort(path: string, port: number): void {
    this.#listen(path, fixedPortService(port));
  }

  stopListening(): void {
    for (const listener of this.#listeners.splice(0)) {
      sys.unwatch(listener);
      sys.close(listener);
    }
  }

  /** Waits until the last bytes of ended connections have reached their clients, at most `timeoutMs`. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.#connections === 0) return;
    await new Promise<void>((resolve) => {
      sys.setTimer(timeoutMs, resolve);
      this.#onIdle = resolve;
    });
  }

  #listen(path: string, service: Service): void {
    const listener = sys.unixListen(path, socketMode);
    this.#listeners.push(listener);
    sys.watch(listener, event.readable, () => {
      this.#accept(listener, service);
    });
  }

  #accept(listener: number, service: Service): void {
    try {
      const client = sys.accept(listener);
      if (client === null) return;
      if (this.#connections < this.#maxConnections + maxWaitingClients) void this.#serve(client.fd, service);
      else sys.close(client.fd);
    } catch (thrown) {
      if (errnoName(thrown) === "ECONNABORTED") return;
      // No descriptors: the listener would be ready again at once, for nothing.
      sys.rewatch(listener, 0);
      sys.setTimer(acceptPauseMs, () => {
        if (this.#listeners.includes(listener)) sys.rewatch(listener, event.readable);
      });
    }
  }

  async #serve(client: number, service: Service): Promise<void> {
    this.#connections++;
    try {
      await this.#connect(client, service);
    } catch (thrown) {
      const reason = errorMessage(thrown);
      attempt(() => sys.read(client, maxRefusedBytes));
      if (service.speaks) attempt(() => sys.write(client, answerOf(reason)));
      this.#end(client);
    }
  }

  async #connect(client: number, service: Service): Promise<void> {
    const deadlineMs = sys.monotonicMs() + handshakeTimeoutMs;
    const port = await service.choosePort(client, deadlineMs);
    // Only now: a client that is refused before its request was read would see a reset instead of the reason.
    if (this.#connections > this.#maxConnections) {
      const reason = `more than ${this.#maxConnections} connections to one guest`;
      throw new RunvError("resource-exhausted", reason);
    }
    const patient = service.patient;
    const guest = port === null ? null : await this.#dial(port, client, patient ? null : deadlineMs);
    if (port === null || guest === null) {
      this.#end(client);
      return;
    }
    const greeting = service.greeting(port);
    try {
      if (greeting !== "") sys.write(client, greeting);
    } catch (thrown) {
      sys.close(guest);
      throw thrown;
    }
    sys.relay(client, guest, () => {
      this.#end(null);
    });
  }

  /** @param deadlineMs null: again and again until the guest listens or the client has gone. */
  async #dial(port: number, client: number, deadlineMs: number | null): Promise<number | null> {
    if (deadlineMs !== null) return dialOnce(this.#dialer, port, deadlineMs);
    const waiting = { clientGone: false };
    sys.watch(client, event.hangUp, () => {
      waiting.clientGone = true;
      sys.unwatch(client);
    });
    try {
      for (;;) {
        const guest = await dialOnce(this.#dialer, port, sys.monotonicMs() + handshakeTimeoutMs);
        if (guest !== null || waiting.clientGone || this.#listeners.length === 0) return guest;
        await interval(redialIntervalMs);
      }
    } finally {
      if (!waiting.clientGone) sys.unwatch(client);
    }
  }

  #end(client: number | null): void {
    if (client !== null) sys.close(client);
    this.#connections--;
    if (this.#connections === 0) this.#onIdle?.();
  }
}
