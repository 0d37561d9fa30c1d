import * as grpc from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { EchoClient } from "../fixtures/grpc/echo-client.ts";
import { type EchoServer, startEchoServer } from "../fixtures/grpc/echo-server.ts";
import {
  type Frame,
  flag,
  frameType,
  grpcHeaders,
  headerBlock,
  uint32,
} from "../fixtures/grpc/http2-frames.ts";
import { errorCodeOf, RawClient } from "../fixtures/grpc/raw-client.ts";

const enhanceYourCalm = 11;
const maxFrameBytes = 16_384;
/** What a flood may add to the server's memory; AddressSanitizer's own share is most of it. */
const maxGrowthKib = 48 * 1024;

let server: EchoServer;
let raw: RawClient;
let residentBeforeKib: number;

beforeAll(async () => {
  server = await startEchoServer();
  const client = new EchoClient(server.socketPath);
  for (let index = 0; index < 200; index++)
    await client.unary({ text: "warm", payload: new Uint8Array(50_000) });
  client.close();
});
afterAll(async () => {
  expect(await server.stop()).toEqual({ exitCode: 0, stderr: "" });
});
beforeEach(async () => {
  residentBeforeKib = await server.residentKib();
  raw = await RawClient.connect(server.socketPath);
});
/** Whatever one connection did, memory is as before and the next one is served. */
afterEach(async () => {
  expect((await server.residentKib()) - residentBeforeKib).toBeLessThan(maxGrowthKib);
  raw.destroy();
  const client = new EchoClient(server.socketPath);
  expect((await client.unary({ text: "alive" })).text).toBe("alive");
  client.close();
});

const isGoaway = ({ type }: Frame): boolean => type === frameType.goaway;
const isReset = ({ type }: Frame): boolean => type === frameType.rstStream;
const echo = (method: string): [string, string][] => grpcHeaders(`/runv.test.v1.Echo/${method}`);

/** Sends frames until the server hangs up; it must, long before `limit`. */
async function flood(send: (index: number) => void, limit = 200_000): Promise<void> {
  for (let index = 0; index < limit && !raw.isClosed; index++) {
    send(index);
    if (index % 100 === 99) await new Promise(setImmediate);
    await raw.drained();
  }
  await raw.waitForClose();
}

/** A header block in one HEADERS frame and as many CONTINUATION frames as it needs. */
function sendHeaders(streamId: number, block: Uint8Array): void {
  for (let offset = 0; offset < block.length; offset += maxFrameBytes) {
    const isLast = offset + maxFrameBytes >= block.length;
    raw.frame({
      type: offset === 0 ? frameType.headers : frameType.continuation,
      flags: isLast ? flag.endHeaders : 0,
      streamId,
      payload: block.subarray(offset, offset + maxFrameBytes),
    });
  }
}

test("SETTINGS announce the limits", async () => {
  const settings = await raw.waitFor(({ type, flags }) => type === frameType.settings && flags === 0);
  const view = new DataView(Uint8Array.from(settings?.payload ?? []).buffer);
  const entries = Array.from({ length: view.byteLength / 6 }, (_, index) => [
    view.getUint16(index * 6),
    view.getUint32(index * 6 + 2),
  ]);
  expect(Object.fromEntries(entries)).toEqual({ 3: 128, 4: 65_536, 6: 16_384, 9: 1 });
});

test("1 MB of headers is refused and the connection goes on", async () => {
  sendHeaders(1, headerBlock([...echo("Unary"), ["x-large", "x".repeat(60_000)], ...manyFields(1_000_000)]));
  expect(errorCodeOf(await raw.waitFor(isReset))).toBe(enhanceYourCalm);
  raw.headers(3, echo("Observe"), flag.endHeaders | flag.endStream);
  expect(
    await raw.waitFor(({ type, streamId }) => type === frameType.headers && streamId === 3),
  ).toBeDefined();
});

function manyFields(bytes: number): [string, string][] {
  return Array.from({ length: bytes / 1_000 }, (_, index) => [`x-${index}`, "v".repeat(990)]);
}

test("headers that expand from a few bytes are refused", async () => {
  const indexed = headerBlock([["x-bomb", "b".repeat(4_000)]]);
  indexed[0] = 0x40; // literal with incremental indexing: entry 62 of the table from now on
  const block = new Uint8Array([
    ...headerBlock(echo("Unary")),
    ...indexed,
    ...new Array<number>(15_000).fill(0x80 | 62),
  ]);
  sendHeaders(1, block);
  expect(errorCodeOf(await raw.waitFor(isReset))).toBe(enhanceYourCalm);
});

test("grpc-js reports large headers as RESOURCE_EXHAUSTED and goes on", async () => {
  const client = new EchoClient(server.socketPath);
  const metadata = new grpc.Metadata();
  metadata.set("x-large", "x".repeat(30_000));
  await expect(client.unary({}, {}, metadata)).rejects.toMatchObject({
    code: grpc.status.RESOURCE_EXHAUSTED,
  });
  expect((await client.unary({ text: "again" })).text).toBe("again");
  client.close();
});

test("CONTINUATION frames without end end the connection", async () => {
  raw.headers(1, echo("Unary"), 0);
  await flood(() => raw.frame({ type: frameType.continuation, streamId: 1 }));
  expect(errorCodeOf(raw.frames.find(isGoaway))).toBe(enhanceYourCalm);
});

test("rapid resets end the connection", async () => {
  await flood((index) => {
    raw.headers(2 * index + 1, echo("Chat"), flag.endHeaders);
    raw.frame({ type: frameType.rstStream, streamId: 2 * index + 1, payload: uint32(8) });
  });
  expect(raw.frames.find(isGoaway)).toBeDefined();
});

test("resets that the server is made to send end the connection", async () => {
  await flood((index) => {
    raw.headers(2 * index + 1, echo("Chat"), flag.endHeaders);
    // An increment of 0 is an error of the stream (RFC 9113 section 6.9).
    raw.frame({ type: frameType.windowUpdate, streamId: 2 * index + 1, payload: uint32(0) });
  });
  expect(raw.frames.find(isGoaway)).toBeDefined();
});

test("DATA frames without data end the connection", async () => {
  raw.headers(1, echo("Chat"), flag.endHeaders);
  await flood(() => raw.frame({ type: frameType.data, streamId: 1 }));
  expect(errorCodeOf(raw.frames.find(isGoaway))).toBe(enhanceYourCalm);
});

test("PINGs whose answers are not read end the connection", async () => {
  raw.stopReading();
  await flood(() => raw.frame({ type: frameType.ping, payload: new Uint8Array(8) }));
});

test("SETTINGS whose acknowledgements are not read end the connection", async () => {
  raw.stopReading();
  await flood(() => raw.frame({ type: frameType.settings }));
});

test("more streams than announced are refused one by one", async () => {
  for (let index = 0; index < 200; index++) raw.headers(2 * index + 1, echo("Chat"), flag.endHeaders);
  await raw.waitFor(({ type, streamId }) => type === frameType.rstStream && streamId === 399);
  const refused = raw.frames.filter(isReset);
  expect(refused.length).toBe(200 - 128);
  expect(new Set(refused.map(errorCodeOf))).toEqual(new Set([7]));
});

test("a body beyond the window is an error of flow control", async () => {
  raw.headers(1, echo("Collect"), flag.endHeaders);
  const payload = new Uint8Array(maxFrameBytes);
  payload.set([0, 0, 0x0f, 0xff, 0xff]);
  for (let index = 0; index < 1_000 && !raw.isClosed; index++)
    raw.frame({ type: frameType.data, streamId: 1, payload });
  const end = await raw.waitFor((frame) => isGoaway(frame) || isReset(frame));
  expect(end).toBeDefined();
});

test("what is not HTTP/2 is hung up on", async () => {
  const other = await RawClient.connect(server.socketPath);
  other.write(Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(10)));
  await other.waitForClose();
});

test("a content type that is not gRPC is answered 415, another method 405", async () => {
  const html = echo("Unary").map(([name, value]): [string, string] => [
    name,
    name === "content-type" ? "text/html" : value,
  ]);
  raw.headers(1, html, flag.endHeaders | flag.endStream);
  const answer = await raw.waitFor(({ type, streamId }) => type === frameType.headers && streamId === 1);
  expect(Buffer.from(answer?.payload ?? []).toString("latin1")).toContain("415");
  const get = echo("Unary").map(([name, value]): [string, string] => [
    name,
    name === ":method" ? "GET" : value,
  ]);
  raw.headers(3, get, flag.endHeaders | flag.endStream);
  const refused = await raw.waitFor(({ type, streamId }) => type === frameType.headers && streamId === 3);
  expect(Buffer.from(refused?.payload ?? []).toString("latin1")).toContain("405");
});
