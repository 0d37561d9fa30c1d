import { RunvError } from "../errors.ts";
import { Connection } from "./connection.ts";
import type { AnyHandler, RegisteredMethod, ServiceDefinition, ServiceImplementation } from "./service.ts";
import type { ByteStream, Clock, Http2Handlers, Http2Session } from "./transport.ts";

/** Largest request message, as other gRPC servers have it. */
const defaultMaxMessageBytes = 4 * 1024 * 1024;
/** Request bytes that the calls of one connection may hold together before handlers take them. */
const defaultMaxReceivedBytes = 16 * 1024 * 1024;

export interface GrpcServerOptions {
  readonly clock: Clock;
  /** Default 4 MiB. */
  readonly maxMessageBytes?: number;
  /** Of one connection; default 16 MiB. */
  readonly maxReceivedBytes?: number;
  createSession(handlers: Http2Handlers): Http2Session;
}

/** A gRPC server over whatever byte streams it is given. */
export class GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #methods = new Map<string, RegisteredMethod>();
  readonly #connections = new Set<Connection>();

  constructor(options: GrpcServerOptions) {
    this.#options = options;
  }

  /** @throws RunvError "already-exists" for a service that has been added before */
  addService<Service extends ServiceDefinition>(
    service: Service,
    implementation: ServiceImplementation<Service>,
  ): void {
    for (const [key, definition] of Object.entries(service.methods)) {
      const path = `/${service.fullName}/${definition.name}`;
      if (this.#methods.has(path))
        throw new RunvError("already-exists", `cannot add a gRPC method: ${path}: it is there already`);
      this.#methods.set(path, { definition, handler: handlerOf(implementation, key) });
    }
  }

  /**
   * Serves one client until its connection is over, however that comes.
   * @throws what `createSession` throws; the stream is closed in any case
   */
  async serve(stream: ByteStream): Promise<void> {
    try {
      const connection = this.#connect(stream);
      this.#connections.add(connection);
      await connection.run();
      this.#connections.delete(connection);
    } finally {
      stream.close();
    }
  }

  #connect(stream: ByteStream): Connection {
    const { clock, maxMessageBytes, maxReceivedBytes } = this.#options;
    return new Connection({
      stream,
      clock,
      createSession: (handlers) => this.#options.createSession(handlers),
      methods: this.#methods,
      maxMessageBytes: maxMessageBytes ?? defaultMaxMessageBytes,
      maxReceivedBytes: maxReceivedBytes ?? defaultMaxReceivedBytes,
    });
  }

  /** Takes no more calls; those that run are cancelled `graceMs` from now. Resolves when all connections are over. */
  async shutDown(graceMs: number): Promise<void> {
    const { clock } = this.#options;
    const connections = [...this.#connections];
    for (const connection of connections) connection.shutDown();
    const timer = clock.setTimer(graceMs, () => {
      const reason = new RunvError("unavailable", `the server shut down: ${graceMs} ms of grace were over`);
      for (const connection of connections) connection.end(reason);
    });
    await Promise.all(connections.map(async ({ over }) => over));
    clock.clearTimer(timer);
  }
}

function handlerOf(implementation: object, key: string): AnyHandler {
  const handler: unknown = Reflect.get(implementation, key);
  if (!isHandler(handler)) throw new RunvError("internal", `no handler for the gRPC method ${key}`);
  return (request, context) => handler.call(implementation, request, context);
}

function isHandler(value: unknown): value is AnyHandler {
  return typeof value === "function";
}
