import { parseJsonObject } from "./json-object.ts";

/** Frame types of the process-I/O connection (README.md). DATA, EOF, CREDIT and CLOSED are handled in C and do not appear here. */
export const frameType = { hello: 1, welcome: 2, refused: 3, resize: 8, signal: 9, exit: 10 } as const;

/** The three streams of a process. */
export const stream = { stdin: 0, stdout: 1, stderr: 2 } as const;

/** What the host says first on a process-I/O connection. `process` is empty for the init process. */
export interface Hello {
  readonly container: string;
  readonly process: string;
}

const helloVersion = 1;
const maxHelloBytes = 4096;

export function encodeHello(hello: Hello): string {
  return JSON.stringify({ version: helloVersion, ...hello });
}

/** @returns null when `text` is not a HELLO of this version. */
export function parseHello(text: string): Hello | null {
  if (text.length > maxHelloBytes) return null;
  const hello = parseJsonObject(text);
  if (hello === null) return null;
  const { version, container, process } = hello;
  if (version !== helloVersion || typeof container !== "string" || typeof process !== "string") return null;
  return { container, process };
}

/** How a process ended: `signal` is 0 unless a signal killed it. */
export interface Exit {
  readonly exitCode: number;
  readonly signal: number;
}

export function encodeExit(exit: Exit): Uint8Array {
  return encodeU32s(exit.exitCode, exit.signal);
}

/** @returns null for a payload of the wrong size. */
export function parseExit(payload: Uint8Array): Exit | null {
  if (payload.length !== 8) return null;
  return { exitCode: readU32(payload, 0), signal: readU32(payload, 4) };
}

export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

export function encodeResize(size: WindowSize): Uint8Array {
  return new Uint8Array([size.rows >>> 8, size.rows & 255, size.columns >>> 8, size.columns & 255]);
}

/** @returns null for a payload of the wrong size. */
export function parseResize(payload: Uint8Array): WindowSize | null {
  if (payload.length !== 4) return null;
  return { rows: readU32(payload, 0) >>> 16, columns: readU32(payload, 0) & 0xffff };
}

export function encodeSignal(signal: number): Uint8Array {
  return encodeU32s(signal);
}

/** @returns null for a payload of the wrong size or a number that is no signal. */
export function parseSignal(payload: Uint8Array): number | null {
  const signal = payload.length === 4 ? readU32(payload, 0) : 0;
  return signal >= 1 && signal <= 64 ? signal : null;
}

function encodeU32s(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setUint32(index * 4, value);
  });
  return bytes;
}

function readU32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}
