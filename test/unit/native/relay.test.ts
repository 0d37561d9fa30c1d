import path from "node:path";
import { expect, test } from "vitest";
import { scenario } from "../../harness/native-fixture.ts";
import { randomFile } from "../../harness/random-file.ts";
import { withTemporaryDirectory } from "../../harness/temporary-directory.ts";

test("64 MiB both ways at once arrive whole", { timeout: 120_000 }, async () => {
  await withTemporaryDirectory(async (directory) => {
    const file = path.join(directory, "random");
    const sum = randomFile(file, { bytes: 4 << 20, times: 16 });
    const seen = await scenario("relayBothWays", file, "16");
    expect(seen).toEqual({ texts: [sum, sum], outcome: [null], leaked: 0 });
  });
});

test("a half-close is passed on and the answer still comes", async () => {
  expect(await scenario("relayHalfClose")).toEqual({ answer: "answer to question", outcome: [null] });
});

test("a side that does not read stops the other, and loses nothing", async () => {
  const seen = await scenario("relaySlowSide");
  expect(seen).toEqual({ bounded: true, something: true, complete: true, outcome: [null] });
});

test("cancel closes both, says nothing, and may come twice", async () => {
  expect(await scenario("relayCancelled")).toEqual({ ends: [0, true], outcome: [], leaked: 0 });
});

test("what a peer wrote before it went away arrives", async () => {
  expect(await scenario("relayPeerGone")).toEqual({ words: "last words", ended: 1 });
});

test("a descriptor belongs to one pump, and to it alone", async () => {
  expect(await scenario("relayInUse")).toMatchObject({ twice: { code: "EBUSY" }, closed: { code: "EBUSY" } });
});
