import { crc32 } from "node:zlib";
import { decodeMuxFrame, encodeMuxFrame, muxFrameType, muxWords } from "@runv/protocol";
import { expect, test } from "vitest";

const framing = { session: 0x12345678, reliable: false };
const reliable = { ...framing, reliable: true };
const frame = {
  type: muxFrameType.data,
  sequence: 7,
  acknowledged: 0xfffffffe,
  stream: 3,
  payload: new Uint8Array([1, 2, 3]),
};

test("a frame comes back as it was, and not from another session", () => {
  const bytes = encodeMuxFrame(frame, framing);
  expect(bytes.length).toBe(24 + 3 + 4);
  expect(decodeMuxFrame(bytes, framing)).toEqual(frame);
  expect(decodeMuxFrame(bytes, { ...framing, session: framing.session + 1 })).toBeNull();
});

test("on a reliable carrier only the bytes of streams have no checksum", () => {
  const bytes = encodeMuxFrame(frame, reliable);
  expect(bytes.length).toBe(24 + 3);
  expect(decodeMuxFrame(bytes, reliable)).toEqual(frame);
  expect(decodeMuxFrame(bytes.subarray(0, 26), reliable)).toBeNull();
  const credit = { ...frame, type: muxFrameType.credit, payload: muxWords(1) };
  expect(encodeMuxFrame(credit, reliable)).toEqual(encodeMuxFrame(credit, framing));
});

test("the greeting belongs to no session, and its checksum is zlib's", () => {
  const hello = { ...frame, type: muxFrameType.hello, payload: muxWords(1, framing.session) };
  const bytes = encodeMuxFrame(hello, framing);
  expect(decodeMuxFrame(bytes, { ...framing, session: 0 })).toEqual(hello);
  expect(new DataView(bytes.buffer).getUint32(20)).toBe(crc32(bytes.subarray(0, 20)));
});

test("every changed byte, and every missing end, is noticed", () => {
  const bytes = encodeMuxFrame(frame, framing);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(decodeMuxFrame(changed, framing)).toBeNull();
    expect(decodeMuxFrame(bytes.subarray(0, at), framing)).toBeNull();
  }
});
