import type { CancelSignal } from "./cancellation.ts";

/** What the code generator makes of a message: ts-proto's `MessageFns`. */
export interface MessageType<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

/** One RPC as ts-proto's generic definitions describe it. */
export interface MethodDefinition {
  readonly name: string;
  readonly requestType: MessageType<unknown>;
  readonly requestStream: boolean;
  readonly responseType: MessageType<unknown>;
  readonly responseStream: boolean;
}

/** One service, likewise. */
export interface ServiceDefinition {
  readonly fullName: string;
  readonly methods: Readonly<Record<string, MethodDefinition>>;
}

/** What a handler knows of its call beside the request. */
export interface CallContext {
  readonly signal: CancelSignal;
  /** When the client stops waiting, on the server's monotonic clock in milliseconds; undefined: never. */
  readonly deadlineMs: number | undefined;
  /** The client's own header fields, binary ones ("-bin") still in base64; several of one name are joined by ",". */
  readonly metadata: ReadonlyMap<string, string>;
}

type MessageOf<Type> = Type extends { decode(bytes: Uint8Array): infer Message } ? Message : never;

type Input<Method extends MethodDefinition> = Method["requestStream"] extends true
  ? AsyncIterable<MessageOf<Method["requestType"]>>
  : MessageOf<Method["requestType"]>;

type Output<Method extends MethodDefinition> = Method["responseStream"] extends true
  ? AsyncIterable<MessageOf<Method["responseType"]>>
  : Promise<MessageOf<Method["responseType"]>>;

/**
 * Answers one RPC. It fails the call by throwing (a RunvError keeps its code). Once `context.signal` aborts, nothing it
 * returns is sent, and an iterator of answers gets `return()`.
 */
export type Handler<Method extends MethodDefinition> = (
  request: Input<Method>,
  context: CallContext,
) => Output<Method>;

/** A handler for every method of a service. */
export type ServiceImplementation<Service extends ServiceDefinition> = {
  readonly [Name in keyof Service["methods"]]: Handler<Service["methods"][Name]>;
};

/** A handler of whatever kind, as the server keeps it. */
export type AnyHandler = (request: unknown, context: CallContext) => unknown;

export interface RegisteredMethod {
  readonly definition: MethodDefinition;
  readonly handler: AnyHandler;
}
