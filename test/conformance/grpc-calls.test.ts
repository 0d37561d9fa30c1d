import { once } from "node:events";
import * as http2 from "node:http2";
import { connect } from "node:net";
import * as grpc from "@grpc/grpc-js";
import { errorFromTrailers } from "@runv/protocol";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { frameMessage } from "../../agent/protocol/src/grpc/framing.ts";
import { EchoClient } from "../fixtures/grpc/echo-client.ts";
import { type EchoServer, startEchoServer } from "../fixtures/grpc/echo-server.ts";
import { EchoRequest, type EchoResponse } from "../fixtures/grpc/generated/echo.ts";

let server: EchoServer;
let client: EchoClient;

beforeAll(async () => {
  server = await startEchoServer();
});
afterAll(async () => {
  expect(await server.stop()).toEqual({ exitCode: 0, stderr: "" });
});
beforeEach(() => {
  client = new EchoClient(server.socketPath);
});
afterEach(() => client.close());

async function all(answers: AsyncIterable<EchoResponse>): Promise<EchoResponse[]> {
  const list = [];
  for await (const answer of answers) list.push(answer);
  return list;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test("unary: text and bytes come back", async () => {
  const payload = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251);
  const answer = await client.unary({ text: "grüße 👋", payload });
  expect(answer.text).toBe("grüße 👋");
  expect(Buffer.from(answer.payload).equals(Buffer.from(payload))).toBe(true);
});

test("client streaming: the handler sees every message once and in order", async () => {
  const { call, answer } = client.collect();
  for (let index = 0; index < 500; index++) call.write({ text: `${index};`, payload: new Uint8Array(1_000) });
  call.end();
  const { text, count, bytes } = await answer;
  expect(text).toBe(Array.from({ length: 500 }, (_, index) => `${index};`).join(""));
  expect({ count, bytes }).toEqual({ count: 500, bytes: 500_000 });
});

test("server streaming: every answer arrives in order", async () => {
  const answers = await all(client.repeat({ text: "x", count: 300, payloadBytes: 5_000 }));
  expect(answers.map(({ count }) => count)).toEqual(Array.from({ length: 300 }, (_, index) => index));
  expect(answers.every(({ payload }) => payload.length === 5_000)).toBe(true);
});

test("bidi streaming: each answer comes before the next request is sent", async () => {
  const call = client.chat();
  for (let index = 0; index < 50; index++) {
    call.write({ text: `ping ${index}` });
    const [answer] = (await once(call, "data")) as [EchoResponse];
    expect(answer.text).toBe(`ping ${index}`);
  }
  call.end();
  const [status] = (await once(call.resume(), "status")) as [grpc.StatusObject];
  expect(status.code).toBe(grpc.status.OK);
});

test("an error keeps its code, message and context across the wire", async () => {
  const failed = client.unary({ text: "no container c-1: 100% weg – 👋", failCode: "not-found" });
  const error = await failed.catch((thrown: unknown) => thrown as grpc.ServiceError);
  if (!("metadata" in error)) throw new Error("the call did not fail");
  expect(error.code).toBe(grpc.status.NOT_FOUND);
  const { metadata, details } = error;
  const trailer = (name: string): unknown => metadata.get(name)[0];
  const received = errorFromTrailers({ status: error.code, message: details, trailer });
  expect(received).toMatchObject({
    code: "not-found",
    message: "no container c-1: 100% weg – 👋",
    context: { container: "c-1", pid: 4711 },
  });
});

test("a handler's own exception is INTERNAL with its message", async () => {
  await expect(client.unary({ text: "a bug", failCode: "plain" })).rejects.toMatchObject({
    code: grpc.status.INTERNAL,
    details: "a bug",
  });
});

test("an error after answers comes in the trailers that follow them", async () => {
  const call = client.repeat({ count: 3, failCode: "permission", text: "no more" });
  const seen: number[] = [];
  call.on("data", ({ count }: EchoResponse) => seen.push(count));
  const [error] = (await once(call, "error")) as [grpc.ServiceError];
  expect({ seen, code: error.code }).toEqual({ seen: [0, 1, 2], code: grpc.status.PERMISSION_DENIED });
});

test("an answer before the client has finished its requests ends the call", async () => {
  const { call, answer } = client.collect();
  call.write({ failCode: "invalid-state", text: "enough" });
  await expect(answer).rejects.toMatchObject({ code: grpc.status.FAILED_PRECONDITION, details: "enough" });
});

test("an unknown method is UNIMPLEMENTED", async () => {
  const call = new Promise((resolve) =>
    client.grpc.makeUnaryRequest("/runv.test.v1.Echo/Nope", () => Buffer.alloc(0), String, null, resolve),
  );
  await expect(call).resolves.toMatchObject({ code: grpc.status.UNIMPLEMENTED });
});

test("a deadline is enforced by the server, and its handler is told", async () => {
  const before = (await client.observe()).aborted.filter((code) => code === "timeout").length;
  const headers = new grpc.Metadata();
  headers.set("grpc-timeout", "50m");
  await expect(client.unary({ delayMs: 3_600_000 }, {}, headers)).rejects.toMatchObject({
    code: grpc.status.DEADLINE_EXCEEDED,
    details: "the call took longer than its deadline: 50 ms",
  });
  const after = (await client.observe()).aborted.filter((code) => code === "timeout").length;
  expect(after).toBe(before + 1);
});

test("the deadline that grpc-js sends ends the call as well", async () => {
  const deadline = Date.now() + 100;
  await expect(client.unary({ delayMs: 3_600_000 }, { deadline })).rejects.toMatchObject({
    code: grpc.status.DEADLINE_EXCEEDED,
  });
});

test("cancelling tells the handler and stops its iterator", async () => {
  const before = await client.observe();
  const call = client.repeat({ count: 1_000_000, delayMs: 1 });
  call.on("error", () => undefined);
  await once(call, "data");
  call.cancel();
  await until(async () => {
    const { aborted, stoppedIterators } = await client.observe();
    return aborted.length > before.aborted.length && stoppedIterators > before.stoppedIterators;
  });
  expect((await client.observe()).aborted.at(-1)).toBe("cancelled");
});

test("a connection that breaks cancels its calls", async () => {
  const before = (await client.observe()).aborted.length;
  const other = new EchoClient(server.socketPath);
  const call = other.repeat({ count: 1_000_000, delayMs: 1 });
  call.on("error", () => undefined);
  await once(call, "data");
  other.close();
  call.cancel();
  await until(async () => (await client.observe()).aborted.length > before);
});

test("1,000 calls one after the other on one connection", async () => {
  for (let index = 0; index < 1_000; index++)
    expect((await client.unary({ text: String(index) })).text).toBe(String(index));
});

test("1,000 calls at once on one connection: more than the streams it allows", async () => {
  const calls = Array.from({ length: 1_000 }, async (_, index) => client.unary({ text: String(index) }));
  const answers = await Promise.all(calls);
  expect(answers.map(({ text }) => text)).toEqual(Array.from({ length: 1_000 }, (_, index) => String(index)));
});

test("a message much larger than the flow control window arrives whole", async () => {
  const payload = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7) % 256);
  const answer = await client.unary({ payload });
  expect(Buffer.from(answer.payload).equals(Buffer.from(payload))).toBe(true);
});

test("a message above the limit is RESOURCE_EXHAUSTED, and the connection goes on", async () => {
  await expect(client.unary({ payload: new Uint8Array(1_048_577) })).rejects.toMatchObject({
    code: grpc.status.RESOURCE_EXHAUSTED,
  });
  expect((await client.unary({ text: "still here" })).text).toBe("still here");
});

test("a client that does not read stops the handler that answers it", async () => {
  const before = await client.observe();
  // Node's HTTP/2 client: grpc-js takes everything in, whether it is read or not.
  const session = http2.connect("http://localhost", { createConnection: () => connect(server.socketPath) });
  const call = session.request({
    ":method": "POST",
    ":path": "/runv.test.v1.Echo/Repeat",
    "content-type": "application/grpc",
  });
  const request = EchoRequest.encode(EchoRequest.fromPartial({ count: 100_000, payloadBytes: 10_000 }));
  call.end(frameMessage(request.finish()));
  await once(call, "response");
  await until(async () => (await client.observe()).repeatedMessages > before.repeatedMessages + 10);
  for (let index = 0; index < 200; index++) await client.unary({ text: "others go on" });
  // 64 KiB of window and 64 KiB that wait in the server are 13 messages.
  expect((await client.observe()).repeatedMessages - before.repeatedMessages).toBeLessThan(20);
  call.close(http2.constants.NGHTTP2_CANCEL);
  await once(call, "close");
  session.destroy();
});

test("a handler that does not read stops the client that sends to it", async () => {
  const before = await client.observe();
  const { call, answer } = client.collect();
  answer.catch(() => undefined);
  call.on("error", () => undefined);
  call.write({ delayMs: 3_600_000 });
  let accepted = 0;
  const payload = new Uint8Array(10_000);
  while (accepted < 10_000 && call.write({ payload })) accepted++;
  await until(async () => (await client.observe()).takenRequests > before.takenRequests);
  expect((await client.observe()).takenRequests).toBe(before.takenRequests + 1);
  expect(accepted).toBeLessThan(10_000);
  call.cancel();
  expect((await client.unary({ text: "others go on" })).text).toBe("others go on");
});

test("a compressed request is refused and says what is served", async () => {
  const compressing = new EchoClient(server.socketPath, {
    "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip,
  });
  const failed = compressing.unary({ text: "x".repeat(1_000) });
  await expect(failed).rejects.toMatchObject({ code: grpc.status.UNIMPLEMENTED });
  compressing.close();
});
