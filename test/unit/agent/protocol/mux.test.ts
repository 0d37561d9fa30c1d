import { crc32 } from "node:zlib";
import { decodeMuxFrame, encodeMuxFrame, muxFrameType, muxWords } from "@runv/protocol";
import { expect, test } from "vitest";

const session = 0x12345678;
const frame = {
  type: muxFrameType.data,
  sequence: 7,
  acknowledged: 0xfffffffe,
  stream: 3,
  payload: new Uint8Array([1, 2, 3]),
};

test("a frame comes back as it was, and not from another session", () => {
  const bytes = encodeMuxFrame(frame, session);
  expect(bytes.length).toBe(24 + 3 + 4);
  expect(decodeMuxFrame(bytes, session)).toEqual(frame);
  expect(decodeMuxFrame(bytes, session + 1)).toBeNull();
});

test("the greeting belongs to no session, and its checksum is zlib's", () => {
  const hello = { ...frame, type: muxFrameType.hello, payload: muxWords(1, session) };
  const bytes = encodeMuxFrame(hello, session);
  expect(decodeMuxFrame(bytes, 0)).toEqual(hello);
  expect(new DataView(bytes.buffer).getUint32(20)).toBe(crc32(bytes.subarray(0, 20)));
});

test("every changed byte, and every missing end, is noticed", () => {
  const bytes = encodeMuxFrame(frame, session);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(decodeMuxFrame(changed, session)).toBeNull();
    expect(decodeMuxFrame(bytes.subarray(0, at), session)).toBeNull();
  }
});
