import { RunvError } from "@runv/protocol";
import { expect, test } from "vitest";
import { frameMessage } from "../../../../agent/protocol/src/grpc/framing.ts";
import { RequestBody } from "../../../../agent/protocol/src/grpc/request-body.ts";

function makeBody(maxBytes = 10_000): {
  body: RequestBody;
  consumed: () => number;
  budget: { usedBytes: number };
} {
  let consumedBytes = 0;
  const budget = { usedBytes: 0, maxBytes };
  const consume = (bytes: number): void => void (consumedBytes += bytes);
  const body = new RequestBody({ maxMessageBytes: 1_000, budget, consume });
  return { body, consumed: () => consumedBytes, budget };
}

const message = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

test.each([1, 2, 3, 7, 64, 10_000])(
  "messages come out as they went in, in pieces of %d bytes",
  async (pieceBytes) => {
    const messages = [message(0, 0), message(1, 1), message(300, 2), message(1_000, 3), message(5, 4)];
    const wire = Buffer.concat(messages.map(frameMessage));
    const { body, consumed, budget } = makeBody();
    const received: (Uint8Array | null)[] = [];
    const reader = (async () => {
      for (;;) {
        const next = await body.next();
        received.push(next);
        if (next === null) return;
      }
    })();
    for (let offset = 0; offset < wire.length; offset += pieceBytes) {
      body.receive(Uint8Array.from(wire.subarray(offset, offset + pieceBytes)));
      await Promise.resolve();
    }
    body.end();
    await reader;
    expect(received).toEqual([...messages, null]);
    expect({ consumed: consumed(), held: budget.usedBytes }).toEqual({ consumed: wire.length, held: 0 });
  },
);

test("a reader that is away keeps the credit of whole messages", async () => {
  const { body, consumed } = makeBody();
  body.receive(frameMessage(message(100, 1)));
  body.receive(frameMessage(message(100, 2)));
  expect(consumed()).toBe(0);
  await body.next();
  expect(consumed()).toBe(0);
  await body.next();
  expect(consumed()).toBe(210);
});

test("the credit of an unfinished message goes back at once: it may be larger than the window", () => {
  const { body, consumed } = makeBody();
  body.receive(frameMessage(message(500, 1)).subarray(0, 200));
  expect(consumed()).toBe(200);
});

test.each([
  ["compressed", [1, 0, 0, 0, 1, 0], "unsupported"],
  ["with an unknown flag", [2, 0, 0, 0, 1, 0], "protocol"],
  ["above the limit", [0, 0, 0, 3, 233], "resource-exhausted"],
  ["far above the limit", [0, 255, 255, 255, 255], "resource-exhausted"],
])("a message %s is refused from its prefix on", (_what, bytes, code) => {
  const { body } = makeBody();
  expect(() => body.receive(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ code }));
});

test("a request that ends inside a message is broken", () => {
  const { body } = makeBody();
  body.receive(Uint8Array.of(0, 0, 0));
  expect(() => body.end()).toThrow(expect.objectContaining({ code: "protocol" }));
});

test("calls of one connection share a budget, and give it back", async () => {
  const { body, budget } = makeBody(250);
  body.receive(frameMessage(message(100, 1)));
  body.receive(frameMessage(message(100, 1)));
  expect(() => body.receive(frameMessage(message(100, 1)))).toThrow(
    expect.objectContaining({ code: "resource-exhausted" }),
  );
  await body.next();
  expect(budget.usedBytes).toBe(105);
  body.discard();
  expect(budget.usedBytes).toBe(0);
});

test("after a failure every read gets it, and what still comes is thrown away with its credit returned", async () => {
  const { body, consumed, budget } = makeBody();
  const waiting = body.next();
  body.fail(new RunvError("cancelled", "gone"));
  await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
  await expect(body.next()).rejects.toMatchObject({ code: "cancelled" });
  body.receive(frameMessage(message(100, 1)));
  expect({ consumed: consumed(), held: budget.usedBytes }).toEqual({ consumed: 105, held: 0 });
});
