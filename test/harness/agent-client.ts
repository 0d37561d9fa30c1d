import { createServer, type Server } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
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

interface MethodType<Request, Response> {
  readonly name: string;
  readonly requestType: { encode(message: Request): { finish(): Uint8Array }; create(base: object): Request };
  readonly responseType: { decode(bytes: Uint8Array): Response };
}

interface ServiceType {
  readonly fullName: string;
  readonly methods: Readonly<Record<string, MethodType<never, unknown>>>;
}

type DeepPartial<T> = T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;

/** Every method of a service as a function; fields that are left out have their defaults. */
export type Calls<Service extends ServiceType> = {
  readonly [Name in keyof Service["methods"]]: Service["methods"][Name] extends MethodType<infer Request, infer Response>
    ? (request: DeepPartial<Request>) => Promise<Response>
    : never;
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
    void guest.dial(controlPort).then((outgoing) => {
      incoming.pipe(outgoing).pipe(incoming);
      incoming.on("error", () => outgoing.destroy());
      outgoing.on("error", () => incoming.destroy());
      outgoing.on("close", () => incoming.destroy());
    });
  });
  return new Promise((resolve) => server.listen(socket, () => resolve(server)));
}
