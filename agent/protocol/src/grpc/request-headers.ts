import { RunvError } from "../errors.ts";
import { parseTimeout } from "./timeout.ts";
import type { HeaderList } from "./transport.ts";

/** What the headers of a request ask for. */
export interface CallRequest {
  readonly path: string;
  readonly timeoutMs: number | undefined;
  readonly metadata: ReadonlyMap<string, string>;
}

/** A request that is not gRPC is answered in HTTP: this status, no body. */
export interface HttpRefusal {
  readonly httpStatus: string;
}

/**
 * Reads the headers of a request (grpc doc/PROTOCOL-HTTP2.md, Requests). `te` is not required: there is no proxy here.
 * @throws RunvError when it is gRPC, but cannot be served
 */
export function parseRequestHeaders(headers: HeaderList): CallRequest | HttpRefusal {
  const fields = joined(headers);
  if (fields.get(":method") !== "POST") return { httpStatus: "405" };
  if (!isGrpc(fields.get("content-type"))) return { httpStatus: "415" };
  const encoding = fields.get("grpc-encoding") ?? "identity";
  if (encoding !== "identity")
    throw new RunvError(
      "unsupported",
      `cannot read the request: encoding ${encoding}: only identity is served`,
    );
  const timeout = fields.get("grpc-timeout");
  return {
    path: fields.get(":path") ?? "",
    timeoutMs: timeout === undefined ? undefined : readTimeout(timeout),
    metadata: new Map([...fields].filter(([name]) => isMetadata(name))),
  };
}

function readTimeout(value: string): number {
  const timeoutMs = parseTimeout(value);
  if (timeoutMs !== null) return timeoutMs;
  throw new RunvError("protocol", `cannot read the request: grpc-timeout ${value}: not digits and a unit`);
}

function joined(headers: HeaderList): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before},${value}`);
  }
  return fields;
}

function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc([+;]|$)/i.test(contentType);
}

const transportFields = new Set(["content-type", "te", "user-agent", "content-length"]);

function isMetadata(name: string): boolean {
  return !name.startsWith(":") && !name.startsWith("grpc-") && !transportFields.has(name);
}
