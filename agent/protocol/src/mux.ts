/** Frames of the multiplexer (README.md). Programs move them in C (agent/native/mux-frame.c); this is for whoever looks at them. */

export const muxVersion = 1;
export const muxHeaderBytes = 24;
export const muxChecksumBytes = 4;
export const maxMuxFrameBytes = 32_768;
const maxPayloadBytes = maxMuxFrameBytes - muxHeaderBytes - muxChecksumBytes;
const syncBytes = [0xc5, 0x9e] as const;

/** Those from `open` on are numbered and arrive in order and once; the others are about the link. */
export const muxFrameType = {
  hello: 1,
  welcome: 2,
  ack: 3,
  nak: 4,
  probe: 5,
  open: 16,
  accept: 17,
  refuse: 18,
  data: 19,
  eof: 20,
  credit: 21,
  stop: 22,
  reset: 23,
} as const;

export interface MuxFrame {
  readonly type: number;
  /** Of a numbered frame its own; of others the next numbered frame's. */
  readonly sequence: number;
  /** The frame that its sender expects next. */
  readonly acknowledged: number;
  /** 0 for frames about the link. */
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** What both ends have agreed on. */
export interface MuxFraming {
  /** The number that the dialer chose for this link. */
  readonly session: number;
  /** The carrier neither loses nor changes bytes. */
  readonly reliable: boolean;
}

export function encodeMuxFrame(frame: MuxFrame, { session, reliable }: MuxFraming): Uint8Array {
  const { payload } = frame;
  if (payload.length > maxPayloadBytes) throw new RangeError(`payload: more than ${maxPayloadBytes} bytes`);
  const checksumBytes = hasPayloadChecksum(frame.type, payload.length, reliable) ? muxChecksumBytes : 0;
  const bytes = new Uint8Array(muxHeaderBytes + payload.length + checksumBytes);
  const view = new DataView(bytes.buffer);
  bytes.set([...syncBytes, frame.type, 0]);
  [frame.sequence, frame.acknowledged, frame.stream, payload.length].forEach((word, index) =>
    view.setUint32(4 + 4 * index, word),
  );
  const seed = seedOf(frame.type, session);
  view.setUint32(20, crc32(seed, bytes.subarray(0, 20)));
  bytes.set(payload, muxHeaderBytes);
  if (checksumBytes > 0)
    view.setUint32(muxHeaderBytes + payload.length, crc32((seed ^ frame.sequence) >>> 0, payload));
  return bytes;
}

/** The frame that stands at the start of `bytes`; null when there is none, or not all of it. */
export function decodeMuxFrame(bytes: Uint8Array, { session, reliable }: MuxFraming): MuxFrame | null {
  if (bytes.length < muxHeaderBytes || bytes[0] !== syncBytes[0] || bytes[1] !== syncBytes[1]) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (index: number): number => view.getUint32(4 + 4 * index);
  const type = view.getUint8(2);
  const seed = seedOf(type, session);
  const length = word(3);
  if (view.getUint8(3) !== 0 || length > maxPayloadBytes) return null;
  if (word(4) !== crc32(seed, bytes.subarray(0, 20))) return null;
  const end = muxHeaderBytes + length;
  const payload = bytes.slice(muxHeaderBytes, end);
  const frame = { type, sequence: word(0), acknowledged: word(1), stream: word(2), payload };
  if (bytes.length < end) return null;
  if (!hasPayloadChecksum(type, length, reliable)) return frame;
  if (bytes.length < end + muxChecksumBytes) return null;
  return view.getUint32(end) === crc32((seed ^ frame.sequence) >>> 0, payload) ? frame : null;
}

/** Payload of words, as HELLO, OPEN, ACCEPT and CREDIT have it. */
export function muxWords(...words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => view.setUint32(index * 4, word));
  return bytes;
}

function hasPayloadChecksum(type: number, length: number, reliable: boolean): boolean {
  return length > 0 && (type !== muxFrameType.data || !reliable);
}

/** The greeting tells the session's number: it cannot depend on it. */
function seedOf(type: number, session: number): number {
  return type === muxFrameType.hello ? 0 : session;
}

/** CRC-32 of ISO-HDLC, beginning with `seed`. */
function crc32(seed: number, bytes: Uint8Array): number {
  let crc = ~seed;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
