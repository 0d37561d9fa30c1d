import { RunvError } from "@runv/protocol";

/** Longest path that Linux takes, less the final NUL. */
const maxPathLength = 4095;
const maxStringLength = 131_072;
const maxUint32 = 0xffffffff;
const lowestOomScore = -1000;
const highestOomScore = 1000;

export type Fields = Readonly<Record<string, unknown>>;

function refuse(where: string, expected: string): never {
  throw new RunvError("internal", `spec: ${where}: expected ${expected}`);
}

export function parseFields(value: unknown, where: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse(where, "an object");
  return value as Record<string, unknown>;
}

export function parseString(value: unknown, where: string, maxLength = maxStringLength): string {
  if (typeof value !== "string" || value.length > maxLength || value.includes("\0")) {
    return refuse(where, "a string without NUL");
  }
  return value;
}

export function parseBoolean(value: unknown, where: string): boolean {
  return typeof value === "boolean" ? value : refuse(where, "true or false");
}

export function parseInteger(value: unknown, where: string, least = 0, most = maxUint32): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    return refuse(where, `an integer from ${least} to ${most}`);
  }
  return value;
}

/** proc(5): /proc/<pid>/oom_score_adj. */
export function parseOomScoreAdj(value: unknown, where: string): number {
  return parseInteger(value, where, lowestOomScore, highestOomScore);
}

/** An absolute path without "." and ".." components. */
export function parsePath(value: unknown, where: string): string {
  const path = parseString(value, where);
  const valid = path.startsWith("/") && path.length <= maxPathLength && !/\/\.{1,2}(\/|$)/.test(path);
  return valid ? path : refuse(where, 'an absolute path without "." and ".."');
}

export function parseList<T>(
  value: unknown,
  where: string,
  parseItem: (item: unknown, where: string) => T,
  maxItems = 1024,
): T[] {
  if (!Array.isArray(value) || value.length > maxItems) return refuse(where, `a list of at most ${maxItems}`);
  return value.map((item: unknown, index) => parseItem(item, `${where}[${index}]`));
}

/** The `kind` of a tagged union. */
export function parseKind<const K extends string>(value: unknown, where: string, kinds: readonly K[]): K {
  const found = kinds.find((kind) => kind === value);
  return found ?? refuse(where, kinds.join(" or "));
}
