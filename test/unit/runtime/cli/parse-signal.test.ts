import { expect, test } from "vitest";
import { parseSignal } from "../../../../runtime/src/cli/parse-signal.ts";

test.each([
  ["9", 9],
  ["KILL", 9],
  ["SIGKILL", 9],
  ["sigterm", 15],
  ["usr1", 10],
  ["WINCH", 28],
  ["RTMIN", 34],
  ["SIGRTMIN+3", 37],
  ["RTMAX-1", 63],
  ["64", 64],
])("%s is %i", (text, number) => {
  expect(parseSignal(text)).toBe(number);
});

test.each(["0", "65", "-9", "", "SIG", "SIGBOGUS", "9x", "RTMIN-1", "RTMAX+1"])("%j is none", (text) => {
  expect(() => parseSignal(text)).toThrow(`unknown signal ${JSON.stringify(text)}`);
});
