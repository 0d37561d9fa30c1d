import { type ErrorCode, type ErrorContext, isErrorCode, RunvError } from "../errors.ts";
import { percentDecode, percentEncode } from "./percent-encoding.ts";
import { codeFromStatus, statusOfCode } from "./status.ts";

/** Our error code by name, beside the coarser grpc-status. */
const codeTrailer = "runv-code";
/** The error's context: JSON, percent-encoded like grpc-message. */
const contextTrailer = "runv-context";

/** Together with names they stay below the 8 KiB of trailers that every gRPC client takes. */
const maxMessageLength = 3_072;
const maxContextLength = 3_072;

type Fields = (readonly [name: string, value: string])[];

/** How an error crosses the wire: status, message, our code, and as much of its context as fits. */
export function trailersOfError(error: RunvError): Fields {
  const trailers: Fields = [
    ["grpc-status", String(statusOfCode[error.code])],
    ["grpc-message", percentEncode(error.message, maxMessageLength)],
    [codeTrailer, error.code],
  ];
  const context = encodeContext(error.context);
  if (context !== "") trailers.push([contextTrailer, context]);
  return trailers;
}

function encodeContext(context: ErrorContext): string {
  let kept: ErrorContext = {};
  let encoded = "";
  for (const [key, value] of Object.entries(context)) {
    const longer = { ...kept, [key]: value };
    const attempt = percentEncode(JSON.stringify(longer), maxContextLength + 1);
    if (attempt.length > maxContextLength) continue;
    kept = longer;
    encoded = attempt;
  }
  return encoded;
}

/** What a gRPC client library reports of a failed call. */
export interface FailedCall {
  readonly status: number;
  readonly message: string;
  /** The first value of a trailer, or undefined. */
  trailer(name: string): unknown;
}

/**
 * The error that the far side threw, or the nearest one to what the client library made up. Nothing the far side says is
 * trusted: an unknown code is replaced by the status's, a broken context is dropped.
 */
export function errorFromTrailers(failed: FailedCall, cause?: unknown): RunvError {
  const code = failed.trailer(codeTrailer);
  const context = parseContext(failed.trailer(contextTrailer));
  const known: ErrorCode = isErrorCode(code) ? code : codeFromStatus(failed.status);
  return new RunvError(known, failed.message, { context, cause });
}

function parseContext(trailer: unknown): ErrorContext {
  if (typeof trailer !== "string" || trailer.length > maxContextLength) return {};
  let value: unknown;
  try {
    value = JSON.parse(percentDecode(trailer));
  } catch {
    return {};
  }
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(isContextEntry));
}

function isContextEntry(entry: [string, unknown]): entry is [string, string | number] {
  return ["string", "number"].includes(typeof entry[1]);
}
