import { InvalidArgumentError } from "@commander-js/extra-typings";

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
/** The longest timer that can be set. */
const maxTimerMs = 2 ** 31 - 1;

/** Accepts what Go's time.ParseDuration does: "5s", "1.5m", "1h30m"; a bare number has no unit and is none. @returns milliseconds */
export function parseDuration(text: string): number {
  if (
    !/^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))*$|^0$/.test(text)
  )
    throw new InvalidArgumentError('must be a duration such as "5s" or "1m30s"');
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)([a-zµ]+)/g)];
  const sum = parts.reduce((total, [, amount, unit = ""]) => total + Number(amount) * (unitMs[unit] ?? 0), 0);
  const signed = text.startsWith("-") ? -sum : sum;
  return signed > 0 ? Math.min(Math.max(signed, 1), maxTimerMs) : signed;
}
