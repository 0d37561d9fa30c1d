import { createHash } from "node:crypto";
import path from "node:path";
import { expect, test } from "vitest";
import { scenario } from "../../harness/native-fixture.ts";
import { randomFile } from "../../harness/random-file.ts";
import { caseCount } from "../../harness/sample.ts";
import { withTemporaryDirectory } from "../../harness/temporary-directory.ts";

/** 4 MiB each. */
const pieces = caseCount({ sample: 8, full: 64 });

test(`${pieces * 4} MiB through stdin and back from stdout arrive whole, then the exit`, {
  timeout: 120_000,
}, async () => {
  await withTemporaryDirectory(async (directory) => {
    const file = path.join(directory, "random");
    const sum = randomFile(file, { bytes: 4 << 20, times: pieces });
    expect(await scenario("pioBothWays", file, String(pieces))).toEqual({
      text: sum,
      diary: [
        "host drained",
        "agent delivered",
        "agent drained",
        "host frame 10 [0 0 0 42 0 0 0 0]",
        "host delivered",
        "agent broken: closed",
      ],
      leaked: 0,
    });
  });
});

test("a stream that nobody reads stops its writer and nothing else", async () => {
  const lines = Array.from({ length: 200_000 }, (_, index) => `${index + 1}\n`).join("");
  expect(await scenario("pioStalledStream")).toEqual({
    errors: createHash("sha256").update(lines).digest("hex"),
    bounded: true,
    stillRuns: true,
    diary: [],
  });
});

test("a reader that goes away is SIGPIPE for the process", async () => {
  expect(await scenario("pioClosedReader")).toEqual([
    "host delivered",
    "agent drained",
    "host frame 10 [0 0 0 13]",
  ]);
});

test("what a process left in its pipe arrives although another holds the pipe open", async () => {
  expect(await scenario("pioDrains")).toMatchObject({
    text: "what was left",
    diary: ["agent drained", "host delivered"],
    closed: { code: "EPIPE" },
  });
});

test("what nobody takes can be given up, and then the exit follows", async () => {
  expect(await scenario("pioGivesUp")).toEqual({
    window: 262_144,
    diary: ["stalls", "agent drained", "host frame 10 [0 0 0 0 0 0 0 0]"],
  });
});

test("a slow reader's sender gets on before a whole step of credit is due", async () => {
  expect(await scenario("pioSlowReader")).toEqual({ moved: true });
});

test("what was received is delivered after the connection's end", async () => {
  expect(await scenario("pioDeliversAfterTheEnd")).toMatchObject({
    received: 200_000,
    diary: [
      "agent drained",
      // The other end of a UNIX socket closes with credit unread, or after it.
      expect.stringMatching(/^host broken: (closed|ECONNRESET)$/),
      "pending: true",
      expect.stringContaining("EPIPE"),
      "host delivered",
    ],
  });
});

test("with a terminal, stdin and stdout are two directions of one master", async () => {
  expect(await scenario("pioTerminal")).toEqual({
    text: ["a line", "got a line", ""],
    diary: ["agent drained", "host frame 10 [0 0 0 0 0 0 0 0]", "host delivered"],
  });
});

test("pipes shared with other processes keep their flags", async () => {
  expect(await scenario("pioSharedPipes")).toEqual({ same: true, received: 150_000 });
});

test("a window of bytes without a destination waits; one more breaks the connection", async () => {
  expect(await scenario("pioOverCredit")).toEqual({
    pending: 262_144,
    reasons: ["protocol: more DATA than credit"],
  });
});

test("frames that a peer does not read wait up to a bound", async () => {
  expect(await scenario("pioFrameBound")).toMatchObject({
    bounded: true,
    error: { code: "ENOBUFS" },
    forbidden: { name: "RangeError" },
    long: { name: "RangeError" },
  });
});

test("credit that a peer does not read is not given without end", async () => {
  expect(await scenario("pioCreditBound")).toBe("protocol: more DATA than credit");
});

test("what breaks the protocol ends the connection with the reason, whole or byte by byte", async () => {
  const reasons: Readonly<Record<string, string>> = {
    nothing: "closed",
    "half a header": "closed",
    "half a payload": "closed",
    "type 0": "protocol: unknown frame type",
    "type 11": "protocol: unknown frame type",
    "stream 3": "protocol: no such stream",
    "stream 8": "protocol: no such stream",
    "stream 255": "protocol: no such stream",
    "DATA on a further stream of ours": "protocol: DATA on a stream that this side sends",
    "EOF on a further stream of ours": "protocol: DATA on a stream that this side sends",
    "CREDIT on a further stream of its": "protocol: CREDIT on a stream that this side receives",
    "CLOSED on a further stream of its": "protocol: CREDIT on a stream that this side receives",
    "more than the window on a further stream": "protocol: more DATA than credit",
    "DATA after EOF both ways": "protocol: DATA after EOF",
    "both ways": "closed",
    "a stream on a frame of none": "protocol: no such stream",
    "reserved bits": "protocol: reserved bits are set",
    "a payload too long": "protocol: payload too long",
    "empty DATA": "protocol: empty DATA",
    "DATA after EOF": "protocol: DATA after EOF",
    "EOF twice": "protocol: EOF twice",
    "EOF with a payload": "protocol: EOF with a payload",
    "CLOSED with a payload": "protocol: CLOSED with a payload",
    "DATA on our stream": "protocol: DATA on a stream that this side sends",
    "CREDIT on its stream": "protocol: CREDIT on a stream that this side receives",
    "CREDIT beyond the window": "protocol: more CREDIT than the window",
    "CREDIT of nothing": "protocol: CREDIT of nothing",
    "CREDIT of 8 bytes": "protocol: CREDIT is not 4 bytes",
    "frames for TypeScript": "closed",
  };
  const expected = Object.entries(reasons).map(([name, reason]) => {
    const answer = { reason, frames: name === "frames for TypeScript" ? 3 : 0 };
    return [name, [answer, answer]];
  });
  expect(await scenario("pioWrongInputs")).toEqual(Object.fromEntries(expected));
});

test("random frames never crash or hang it", { timeout: 3_600_000 }, async () => {
  const count = caseCount({ sample: 2_000, full: 100_000 });
  const batch = 2_000;
  for (let seed = 1; seed <= count / batch; seed++) {
    const seen = await scenario("pioRandomInputs", String(batch), String(seed));
    expect({ seed, seen }).toEqual({ seed, seen: { empty: false, kinds: true, unknown: [] } });
  }
});
