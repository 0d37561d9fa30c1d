/** What Go's encoding/json can write, its 64 bits included. */
export type Json =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/** Go's `omitempty`. */
export function unlessZero(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

/** Names come from the guest. */
export function printable(name: string): string {
  return name.replace(/[^\w.]/g, "?");
}

/** JSON.stringify, with whole numbers of any size. */
export function encode(value: Json): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(encode).join(",")}]`;
  const members = Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : [`${JSON.stringify(name)}:${encode(member)}`],
  );
  return `{${members.join(",")}}`;
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
