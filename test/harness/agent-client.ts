import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import * as grpc from "@grpc/grpc-js";
import {
  ContainersDefinition,
  controlPort,
  errorFromTrailers,
  HealthDefinition,
  ProcessesDefinition,
  SandboxDefinition,
  StorageDefinition,
} from "@runv/protocol";
import type { Guest } from "./guest.ts";

const callDeadlineMs = 120_000;

interface MessageType {
  encode(message: never): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
  fromPartial(part: object): never;
}

interface ServiceType {
  readonly fullName: string;
  readonly methods: Readonly<
    Record<string, { readonly name: string; readonly requestType: unknown; readonly responseType: unknown }>
  >;
}

type MessageOf<Type> = Type extends { decode(bytes: Uint8Array): infer Message } ? Message : never;

type DeepPartial<T> = T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;

/** Every method of a service as a function; fields that are left out have their defaults. */
export type Calls<Service extends ServiceType> = {
  readonly [Name in keyof Service["methods"]]: (
    request: DeepPartial<MessageOf<Service["methods"][Name]["requestType"]>>,
  ) => Promise<MessageOf<Service["methods"][Name]["responseType"]>>;
};

export interface AgentClient {
  readonly sandbox: Calls<typeof SandboxDefinition>;
  readonly storage: Calls<typeof StorageDefinition>;
  readonly containers: Calls<typeof ContainersDefinition>;
  readonly processes: Calls<typeof ProcessesDefinition>;
  readonly health: Calls<typeof HealthDefinition>;
  close(): void;
}

/** An ordinary gRPC client of the agent in a guest. */
export async function connectAgent(guest: Guest): Promise<AgentClient> {
  const directory = mkdtempSync(path.join(tmpdir(), "runv-agent-"));
  const socket = path.join(directory, "control");
  const server = await relay(guest, socket);
  const client = new grpc.Client(`unix:${socket}`, grpc.credentials.createInsecure());
  return {
    sandbox: callsOf(client, SandboxDefinition),
    storage: callsOf(client, StorageDefinition),
    containers: callsOf(client, ContainersDefinition),
    processes: callsOf(client, ProcessesDefinition),
    health: callsOf(client, HealthDefinition),
    close: () => {
      client.close();
      server.close();
      rmSync(directory, { recursive: true });
    },
  };
}

async function relay(guest: Guest, socket: string): Promise<Server> {
  const server = createServer((incoming) => {
    guest.dial(controlPort).then(
      (outgoing) => {
        incoming.pipe(outgoing).pipe(incoming);
        incoming.on("error", () => outgoing.destroy());
        outgoing.on("error", () => incoming.destroy());
        outgoing.on("close", () => incoming.destroy());
      },
      (error: unknown) => {
        console.error(String(error), guest.console());
        incoming.destroy();
      },
    );
  });
  return new Promise((resolve) => server.listen(socket, () => resolve(server)));
}

function callsOf<Service extends ServiceType>(client: grpc.Client, service: Service): Calls<Service> {
  const entries = Object.entries(service.methods).map(([key, method]) => {
    const request = method.requestType as MessageType;
    const response = method.responseType as MessageType;
    const methodPath = `/${service.fullName}/${method.name}`;
    return [
      key,
      async (part: object) =>
        call(client, methodPath, request.encode(request.fromPartial(part)).finish(), response),
    ];
  });
  return Object.fromEntries(entries) as Calls<Service>;
}

async function call(
  client: grpc.Client,
  method: string,
  request: Uint8Array,
  response: MessageType,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method,
      (message: Uint8Array) => Buffer.from(message),
      (bytes: Buffer) => response.decode(bytes),
      request,
      { deadline: Date.now() + callDeadlineMs },
      (error, answer) => {
        if (error === null) resolve(answer);
        else reject(errorOf(error));
      },
    );
  });
}

function errorOf(error: grpc.ServiceError): Error {
  const trailer = (name: string): unknown => error.metadata.get(name)[0];
  return errorFromTrailers({ status: error.code, message: error.details, trailer }, error);
}
