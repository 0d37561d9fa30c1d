import { expect, test } from "vitest";
import { scenario } from "../../harness/native-fixture.ts";

test("a callback may close another's descriptor: its event is void, even when the number is used again", async () => {
  expect(await scenario("closesTheOther")).toEqual(["one", "number reused"]);
});

test("every ready descriptor is served, however many there are", async () => {
  expect(await scenario("servesAll")).toEqual({ served: 200, most: true });
});

test("timers run by deadline, equal ones in the order they were set, promise jobs after each", async () => {
  expect(await scenario("timersInOrder")).toEqual(["0 a", "job of 0 a", "0 b", "20"]);
  expect(await scenario("timersDoNotStarve")).toBe(true);
});

test("exceptions and unhandled rejections reach the loop's handler", async () => {
  expect(await scenario("uncaught")).toEqual([
    "TypeError: from a watch",
    "RangeError: from a timer",
    "Error: from a promise",
  ]);
});

test("a plain file is always ready", async () => {
  expect(await scenario("regularFileIsReady")).toBe(3);
});

test("one watch a descriptor, silence without events, no loop within the loop", async () => {
  expect(await scenario("watchRules")).toMatchObject({
    twice: { code: "EEXIST" },
    nested: "true",
    first: "heard nothing",
    then: "called",
  });
});

test("signals come with their sender; a second call replaces the set", async () => {
  expect(await scenario("signals")).toEqual([
    [10, true],
    [12, true],
  ]);
});
