import type { JsonCursor } from "../shared/json-cursor.ts";

export const uint32Max = 2 ** 32 - 1;

export function nonEmpty(text: JsonCursor): string {
  const value = text.string();
  if (value === "") text.fail("must not be empty");
  return value;
}

export function absolutePath(path: JsonCursor): string {
  const value = path.string();
  if (!value.startsWith("/")) path.fail(`must be an absolute path: ${JSON.stringify(value)}`);
  return value;
}
