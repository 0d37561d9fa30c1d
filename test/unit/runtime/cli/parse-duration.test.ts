import { expect, test } from "vitest";
import { parseDuration } from "../../../../runtime/src/cli/parse-duration.ts";

test.each([
  ["5s", 5000],
  ["100ms", 100],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  [".5s", 500],
  ["0", 0],
  ["0s", 0],
  ["-1s", -1000],
  ["1ns", 1],
  ["999999h", 2 ** 31 - 1],
])("%s: %i ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(["5", "s", "", "5 s", "5d", "1s-1s", "1e3s"])("%j is no duration", (text) => {
  expect(() => parseDuration(text)).toThrow("must be a duration");
});
