/**
 * Every way in which something can go wrong, for host and guest alike. Callers branch on the code, never on the text.
 *
 * | code | when |
 * |---|---|
 * | invalid-argument | what was asked for is malformed: a flag, a field of config.json, a message |
 * | not-found | the named container, file or program does not exist |
 * | already-exists | the name is taken |
 * | invalid-state | the thing exists, but not in a state that allows this |
 * | permission | the kernel or a rule forbids it |
 * | unsupported | well formed, and not built (yet) or not possible here |
 * | version-mismatch | the other side, or a file on disk, is of another version of runv |
 * | resource-exhausted | no memory, disk space, descriptors or credit left, or a bound of ours is exceeded |
 * | timeout | a named deadline has passed |
 * | cancelled | the caller gave up |
 * | unavailable | a peer, device or program that is needed cannot be reached |
 * | protocol | a peer broke the rules of a wire format |
 * | agent | the guest failed in a way that has no closer code |
 * | hypervisor | the VMM failed in a way that has no closer code |
 * | internal | a fault in runv |
 */
export const errorCodes = [
  "invalid-argument",
  "not-found",
  "already-exists",
  "invalid-state",
  "permission",
  "unsupported",
  "version-mismatch",
  "resource-exhausted",
  "timeout",
  "cancelled",
  "unavailable",
  "protocol",
  "agent",
  "hypervisor",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** What an error is about, for logs: `container`, `path`, `field`, `pid` … */
export type ErrorContext = Readonly<Record<string, string | number>>;

export interface RunvErrorOptions {
  readonly cause?: unknown;
  readonly context?: ErrorContext;
}

/** The only thing thrown. The message is lower case, without full stop: "what failed: which thing: why", and the way out. */
export class RunvError extends Error {
  override readonly name = "RunvError";
  readonly code: ErrorCode;
  readonly context: ErrorContext;

  constructor(code: ErrorCode, message: string, options: RunvErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.context = options.context ?? {};
  }
}

/** @returns whether `value` is a RunvError, of this `code` when one is given. */
export function isRunvError(value: unknown, code?: ErrorCode): value is RunvError {
  return value instanceof RunvError && (code === undefined || value.code === code);
}

/** The sentence of anything that was thrown. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Anything thrown, as a RunvError: what is not one becomes "internal", the original its cause. */
export function toRunvError(thrown: unknown): RunvError {
  return thrown instanceof RunvError
    ? thrown
    : new RunvError("internal", errorMessage(thrown), { cause: thrown });
}

/** @returns whether `value` is one of the codes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return errorCodes.some((code) => code === value);
}
