import { errorCodes, errorMessage, isRunvError, RunvError } from "@runv/protocol";
import { expect, test } from "vitest";

test("an error keeps code, context and cause", () => {
  const cause = new Error("ENOENT");
  const error = new RunvError("not-found", "open: /x: no such file", { cause, context: { path: "/x" } });
  expect(error).toMatchObject({ code: "not-found", context: { path: "/x" }, cause, name: "RunvError" });
  expect(isRunvError(error)).toBe(true);
  expect(isRunvError(error, "not-found")).toBe(true);
  expect(isRunvError(error, "internal")).toBe(false);
  expect(isRunvError(cause)).toBe(false);
});

test("codes are unique", () => {
  expect(new Set(errorCodes).size).toBe(errorCodes.length);
});

test.each([
  [new Error("a"), "a"],
  ["b", "b"],
  [undefined, "undefined"],
])("the sentence of %s", (thrown, sentence) => {
  expect(errorMessage(thrown)).toBe(sentence);
});
