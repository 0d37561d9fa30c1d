/** Any JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * A document without these fields ("mounts[].type", "annotations.*"), in all elements of the arrays on the way. What is empty then goes
 * as well.
 */
export function withoutFields(document: Json, fields: readonly string[]): Json {
  return strip(document, "", new Set(fields)) ?? {};
}

/** @returns undefined when nothing is left */
function strip(value: Json, field: string, unwanted: ReadonlySet<string>): Json | undefined {
  if (unwanted.has(field)) return undefined;
  if (value === null || typeof value !== "object") return value;
  const pieces = Object.entries(value).flatMap(([name, member]): [string, Json][] => {
    const left = strip(member, nameBelow(value, { field, name }, unwanted), unwanted);
    return left === undefined ? [] : [[name, left]];
  });
  if (pieces.length === 0) return undefined;
  return Array.isArray(value) ? pieces.map(([, left]) => left) : Object.fromEntries(pieces);
}

/** The members of a map have names of the user's: "*" stands for all of them. */
function nameBelow(
  value: Json,
  { field, name }: { readonly field: string; readonly name: string },
  unwanted: ReadonlySet<string>,
): string {
  if (Array.isArray(value)) return `${field}[]`;
  const any = `${field}.*`;
  if ([...unwanted].some((other) => other === any || other.startsWith(`${any}.`))) return any;
  return field === "" ? name : `${field}.${name}`;
}

/** A member of an object; null when there is none. */
export function memberOf(document: Json, name: string): Json {
  const members: ReadonlyMap<string, Json> = new Map(Object.entries(document ?? {}));
  return members.get(name) ?? null;
}
