/** One of `args` of a rule of linux.seccomp: u64 values. */
export interface ModelCondition {
  readonly argument: number;
  readonly operator: string;
  readonly value: bigint;
  readonly secondValue: bigint;
}

/** A whole number from 0 to `limit` - 1. */
export type Below = (limit: number) => number;

const max = 2n ** 64n - 1n;

/** runtime-spec: config-linux.md, "Seccomp"; libseccomp: seccomp_rule_add(3). */
const operators: Readonly<Record<string, (argument: bigint, value: bigint, second: bigint) => boolean>> = {
  SCMP_CMP_EQ: (argument, value) => argument === value,
  SCMP_CMP_NE: (argument, value) => argument !== value,
  SCMP_CMP_LT: (argument, value) => argument < value,
  SCMP_CMP_LE: (argument, value) => argument <= value,
  SCMP_CMP_GT: (argument, value) => argument > value,
  SCMP_CMP_GE: (argument, value) => argument >= value,
  SCMP_CMP_MASKED_EQ: (argument, value, second) => (argument & value) === second,
};

const pick = <T>(random: Below, list: readonly T[]): T => list[random(list.length)] as T;

/** An argument of a system call. Few enough values that conditions meet, on both sides of 32 bits. */
export function randomWord(random: Below): bigint {
  const base = pick(random, [0n, 1n, 7n, 0xffffffffn, 2n ** 32n, 2n ** 53n + 1n, max - 1n]);
  return BigInt.asUintN(64, base + BigInt(random(3)) - 1n);
}

function condition(random: Below, among: readonly string[]): ModelCondition {
  const operator = pick(random, among);
  const value = randomWord(random);
  // What lies outside of the mask never compares equal, and libseccomp takes no account of it.
  const secondValue = operator === "SCMP_CMP_MASKED_EQ" ? randomWord(random) & value : 0n;
  return { argument: random(6), operator, value, secondValue };
}

/** Several comparisons by order of one argument are what libseccomp itself gets wrong above 32 bits. */
export function randomConditions(random: Below): readonly ModelCondition[] {
  const any = Array.from({ length: random(4) }, () => condition(random, Object.keys(operators)));
  if (new Set(any.map(({ argument }) => argument)).size === any.length) return any;
  return any.map(() => condition(random, ["SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_MASKED_EQ"]));
}

/** Whether a rule with these conditions is about a call: all of them hold, or one where two are about one argument, as with runc. */
export function conditionsHold(conditions: readonly ModelCondition[], args: readonly bigint[]): boolean {
  const each = conditions.map(({ argument, operator, value, secondValue }) =>
    operators[operator]?.(args[argument] ?? 0n, value, secondValue),
  );
  const isTwice = new Set(conditions.map(({ argument }) => argument)).size < conditions.length;
  return isTwice ? each.some(Boolean) : each.every(Boolean);
}
