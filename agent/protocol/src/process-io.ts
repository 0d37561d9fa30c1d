import { parseJsonObject } from "./json-object.ts";

/** Frame types of the process-I/O connection (README.md). DATA, EOF, CREDIT and CLOSED are handled in C and do not appear here. */
export const frameType = { hello: 1, welcome: 2, refused: 3, resize: 8, signal: 9, exit: 10 } as const;

/** The three streams of a process. */
export const stream = { stdin: 0, stdout: 1, stderr: 2 } as const;

/** A preserved descriptor's stream has its number, and that is a byte. */
export const firstPreserved = 3;
export const maxPreserved = 253;

/** `process` is empty for the init process. */
export interface ProcessName {
  readonly container: string;
  readonly process: string;
}

/** What the host says first on a process-I/O connection. */
export interface Hello extends ProcessName {
  /** How many descriptors from 3 on are streams too. */
  readonly preserved: number;
}

/** Without preserved descriptors the first is spoken, which agents of before know. */
const helloVersions = { streams: 1, preserved: 2 } as const;
const maxHelloBytes = 4096;

export function encodeHello({ container, process }: ProcessName, preserved: number): string {
  if (preserved === 0) return JSON.stringify({ version: helloVersions.streams, container, process });
  return JSON.stringify({ version: helloVersions.preserved, container, process, preserved });
}

/** @returns null when `text` is not a HELLO of this version. */
export function parseHello(text: string): Hello | null {
  if (text.length > maxHelloBytes) return null;
  const hello = parseJsonObject(text);
  if (hello === null) return null;
  const { version, container, process, preserved } = hello;
  if (typeof container !== "string" || typeof process !== "string") return null;
  if (version === helloVersions.streams) return { container, process, preserved: 0 };
  if (version !== helloVersions.preserved || !isPreservedCount(preserved)) return null;
  return { container, process, preserved };
}

function isPreservedCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= maxPreserved;
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
