import type { ErrorCode } from "../errors.ts";

/** The status codes of gRPC (grpc doc/statuscodes.md) by name. */
const grpcStatus = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** What clients that do not know runv see of each error code. */
export const statusOfCode: Readonly<Record<ErrorCode, number>> = {
  "invalid-argument": grpcStatus.INVALID_ARGUMENT,
  "not-found": grpcStatus.NOT_FOUND,
  "already-exists": grpcStatus.ALREADY_EXISTS,
  "invalid-state": grpcStatus.FAILED_PRECONDITION,
  permission: grpcStatus.PERMISSION_DENIED,
  unsupported: grpcStatus.UNIMPLEMENTED,
  "version-mismatch": grpcStatus.FAILED_PRECONDITION,
  timeout: grpcStatus.DEADLINE_EXCEEDED,
  cancelled: grpcStatus.CANCELLED,
  unavailable: grpcStatus.UNAVAILABLE,
  "resource-exhausted": grpcStatus.RESOURCE_EXHAUSTED,
  protocol: grpcStatus.INTERNAL,
  agent: grpcStatus.UNKNOWN,
  hypervisor: grpcStatus.INTERNAL,
  internal: grpcStatus.INTERNAL,
};

/** Where the answer names no error code of ours, it was made by the gRPC layer of either side. */
const codeOfStatus: readonly ErrorCode[] = [
  "internal",
  "cancelled",
  "agent",
  "invalid-argument",
  "timeout",
  "not-found",
  "already-exists",
  "permission",
  "resource-exhausted",
  "invalid-state",
  "invalid-state",
  "invalid-argument",
  "unsupported",
  "internal",
  "unavailable",
  "internal",
  "permission",
];

/** The error code that stands for a gRPC status; "internal" for numbers that gRPC does not define. */
export function codeFromStatus(status: number): ErrorCode {
  return codeOfStatus[status] ?? "internal";
}
