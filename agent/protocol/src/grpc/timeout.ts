const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * Reads the value of `grpc-timeout`: at most 8 digits and a unit (grpc doc/PROTOCOL-HTTP2.md, Timeout).
 * @returns milliseconds, fractions included; null when it is not a timeout.
 */
export function parseTimeout(value: string): number | null {
  const match = /^(\d{1,8})([HMSmun])$/.exec(value);
  const [, digits = "", unit = ""] = match ?? [];
  const factor = unitMs[unit];
  return factor === undefined ? null : Number(digits) * factor;
}
