import { expect, test } from "vitest";
import { parseEndedResults, parseResults, type ResultLine } from "../harness/outer-guest/results.ts";

const passed = {
  file: "test/vm/a.test.ts",
  name: "group > a test",
  state: "passed",
  note: "",
  errors: [],
  passedWhenTriedAgain: false,
} as const;
const text = (...lines: readonly ResultLine[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join("");

test("every result of a run that came to its end", () => {
  const failed = { ...passed, name: "b", state: "failed", errors: ["why"] } as const;
  expect(parseResults(text(passed, failed, { ended: [] }))).toEqual([passed, failed]);
});

test("a run that did not come to its end is no run", () => {
  expect(() => parseResults("")).toThrow("did not come to its end (0 tests did)");
  expect(() => parseResults(text(passed))).toThrow("did not come to its end");
});

test("of a run that did not come to its end, what had ended, but for a line that was not written whole", () => {
  const whole = text(passed, { ...passed, name: "b" });
  expect(parseEndedResults(`${whole}{"file":"test/vm/a.te`)).toEqual([passed, { ...passed, name: "b" }]);
  expect(parseEndedResults(text(passed, { ended: [] }))).toEqual([passed]);
  expect(parseEndedResults("")).toEqual([]);
});

test("what went wrong outside the tests counts", () => {
  expect(() => parseResults(text(passed, { ended: ["a file that does not load"] }))).toThrow(
    "a file that does not load",
  );
});
