import { describe, expect, it, test } from "vitest";
import { scenario } from "../../harness/native-fixture.ts";
import { caseCount } from "../../harness/sample.ts";

test("streams of all kinds at once arrive whole, in whatever order they are written and read", {
  timeout: 3_600_000,
}, async () => {
  const seeds = caseCount({ sample: 4, full: 100 });
  for (let seed = 1; seed <= seeds; seed++) {
    const seen = await scenario("pioInterleaved", String(seed));
    const expected = { states: ["ended"], whole: true, broken: [], leaked: 0 };
    expect({ seed, seen }).toEqual({ seed, seen: expected });
  }
});

test("a stream that always has more leaves the others their share", async () => {
  const { broken, share } = (await scenario("pioFair")) as { broken: string[]; share: number };
  expect(broken).toEqual([]);
  expect(share).toBeGreaterThan(0.5);
});

test("a stream is opened once, and attached as it was opened", async () => {
  expect(await scenario("pioOpened")).toEqual({
    pending: 5,
    text: "early",
    errors: ["EBUSY", "RangeError", "RangeError", "EBUSY", "EBUSY", "EBUSY", "RangeError"],
  });
});

describe("a socket", () => {
  it("is shut down in one direction when the process does so", async () => {
    const seen = await scenario("pioHalfClose");
    expect(seen).toEqual({ end: "end", question: "still there?", last: "end", broken: [] });
  });

  it.each(["close", "drain"])("is left whole to whoever else has it: %s", async (how) => {
    expect(await scenario("pioClosedByProcess", how)).toEqual({
      bytes: "good-bye",
      unended: "EAGAIN",
      shared: "ok",
      another: "another",
      end: "end",
      broken: [],
    });
  });

  it("that its peer has closed cannot be written", async () => {
    const seen = await scenario("pioClosedByCaller");
    expect(seen).toEqual({ bytes: "good-bye", end: "end", error: "EPIPE", broken: [] });
  });
});
