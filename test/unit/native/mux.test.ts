import { describe, expect, test } from "vitest";
import { scenario } from "../../harness/native-fixture.ts";
import { caseCount } from "../../harness/sample.ts";

const longTimeoutMs = 120_000;

const carriers = ["reliable", "lossy"] as const;

test.each(carriers)(
  "64 streams at once, each echoed whole: %s carrier",
  {
    timeout: longTimeoutMs,
  },
  async (carrier) => {
    const seen = await scenario("muxEchoes", carrier, "64", "20000");
    expect(seen).toEqual({ same: 64, others: [], damaged: false, leaked: 0 });
  },
);

test("a wire that drops, changes and adds bytes loses nothing in the end", {
  timeout: longTimeoutMs,
}, async () => {
  const seeds = caseCount({ sample: 3, full: 30 });
  for (let seed = 1; seed <= seeds; seed++) {
    const seen = await scenario("muxEchoes", "lossy", "4", "100000", "60000", String(seed * 7919));
    expect(seen).toEqual({ same: 4, others: [], damaged: true, leaked: 0 });
  }
});

test("a wire that is thought reliable and loses or adds bytes ends the link", {
  timeout: longTimeoutMs,
}, async () => {
  const seeds = caseCount({ sample: 3, full: 30 });
  for (let seed = 1; seed <= seeds; seed++)
    expect(await scenario("muxDeceived", String(seed * 7919))).toEqual({ protocol: true, leaked: 0 });
});

test.each(carriers)(
  "ends that disagree about the carrier do not talk: the dialer's is %s",
  async (carrier) => {
    const reasons = ["protocol: the peer thinks otherwise of the carrier's reliability"];
    expect(await scenario("muxDisagreeing", carrier)).toEqual({ told: "none", reasons });
  },
);

test("a stream that nobody reads is bounded and holds up no other", { timeout: longTimeoutMs }, async () => {
  expect(await scenario("muxStalled")).toEqual({ bounded: true, something: true, echoed: 1 << 20 });
});

test("a half-close is passed on and the answer still comes", async () => {
  expect(await scenario("muxHalfClose")).toEqual({ answer: "answer to question" });
});

test("a peer that goes away fails the other's writes, and no other stream", async () => {
  expect(await scenario("muxReset")).toEqual({ failed: true, after: "open" });
});

test("a port on which nobody listens refuses", async () => {
  expect(await scenario("muxRefused")).toEqual([null, "open"]);
});

test("a stream is given up before it is open", async () => {
  expect(await scenario("muxCancelled")).toEqual({ told: ["open"], leaked: 0 });
});

test("when the carrier ends, what was received is delivered and who waits is told", async () => {
  const reasons = ["the carrier has ended", "the carrier has ended"];
  expect(await scenario("muxBroken")).toEqual({
    words: "last words",
    waiting: "told",
    after: "EPIPE",
    reasons,
  });
});

test("a hang-up reaches the other side's socket", async () => {
  expect(await scenario("muxHungUp")).toEqual({ events: 16 });
});

describe("a hostile peer", () => {
  test.each([
    ["reliable", 15],
    ["lossy", 11],
  ])(
    "every breach of protocol ends the link and leaks nothing: %s carrier",
    {
      timeout: longTimeoutMs,
    },
    async (carrier, attackCount) => {
      const names = await scenario("muxAttacks", carrier);
      const attackNames = Array.isArray(names) ? names.map(String) : [];
      expect(attackNames).toHaveLength(attackCount);
      for (const name of attackNames) {
        const seen = await scenario("muxAttack", carrier, name);
        expect({ name, seen }).toEqual({ name, seen: { protocol: true, leaked: 0 } });
      }
    },
  );

  // Each takes about 10 ms, most of it waiting: a program has a few hundred of them.
  const peersOfOne = 400;
  const peers = caseCount({ sample: 400, full: 20_000 });
  const seeds = Array.from({ length: peers / peersOfOne }, (_, index) => 4711 + index);
  test.each(seeds)("whatever it sends: seed %i", { timeout: longTimeoutMs }, async (seed) => {
    expect(await scenario("muxFuzz", String(peersOfOne), String(seed))).toEqual({
      someBroken: true,
      leaked: 0,
    });
  });
});
