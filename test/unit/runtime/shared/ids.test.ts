import { expect, test } from "vitest";
import { parseContainerId } from "../../../../runtime/src/shared/ids.ts";

test.each(["a", "A_1+b.c-d", "...", "-x", "0".repeat(255)])("%s is an id", (id) => {
  expect(parseContainerId(id)).toBe(id);
});

test.each(["", ".", "..", "a/b", "a b", "é", "a\n", "~x", "0".repeat(256)])("%j is none", (id) => {
  expect(() => parseContainerId(id)).toThrow("invalid container ID format");
});
