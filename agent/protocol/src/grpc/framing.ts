import { RunvError } from "../errors.ts";

/** Length-Prefixed-Message: a flag byte and a 4-byte length before each message (grpc doc/PROTOCOL-HTTP2.md). */
export const prefixBytes = 5;

/** A message with its prefix. */
export function frameMessage(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(prefixBytes + message.length);
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, prefixBytes);
  return frame;
}

/**
 * Reads a prefix.
 * @param bytes at least 5 of them from `offset` on
 * @returns how many bytes of message follow it
 * @throws RunvError "unsupported" for a compressed message, "protocol" for another flag, "resource-exhausted" above `maxMessageBytes`
 */
export function parsePrefix(bytes: Uint8Array, offset: number, maxMessageBytes: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, prefixBytes);
  const flag = view.getUint8(0);
  if (flag === 1)
    throw new RunvError("unsupported", "cannot read a message: compressed: only identity encoding is served");
  if (flag !== 0)
    throw new RunvError("protocol", `cannot read a message: compressed flag ${flag}: neither 0 nor 1`);
  const length = view.getUint32(1);
  if (length > maxMessageBytes) {
    const limit = `${length} bytes: more than the limit of ${maxMessageBytes}`;
    throw new RunvError("resource-exhausted", `cannot read a message: ${limit}`);
  }
  return length;
}
