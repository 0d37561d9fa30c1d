// Archives written by hand, header by header, so that they can be wrong in exactly one way.

const blockBytes = 512;

export interface Header {
  readonly name: string;
  readonly type?: string;
  readonly link?: string;
  /** The size field as text; by default that of `content`. */
  readonly size?: string | Uint8Array;
  readonly mode?: string;
  readonly uid?: string | Uint8Array;
  readonly devmajor?: string;
  readonly content?: string | Uint8Array;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

function put(block: Uint8Array, offset: number, value: string | Uint8Array): void {
  block.set(typeof value === "string" ? Buffer.from(value, "latin1") : value, offset);
}

function padded(content: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(content.length / blockBytes) * blockBytes);
  out.set(content);
  return out;
}

/** Writes the checksum of a finished header. */
export function seal(block: Uint8Array): Uint8Array {
  put(block, 148, "        ");
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(block, 148, `${octal(sum, 6)}\0 `);
  return block;
}

/** Header and content of one entry. */
export function entry(header: Header): Uint8Array {
  const content = Buffer.from(header.content ?? "");
  const block = new Uint8Array(blockBytes);
  put(block, 0, header.name.slice(0, 100));
  put(block, 100, header.mode ?? "0000644");
  put(block, 108, header.uid ?? "0000000");
  put(block, 116, "0000000");
  put(block, 124, header.size ?? octal(content.length, 11));
  put(block, 136, "00000000000");
  put(block, 156, header.type ?? "0");
  put(block, 157, (header.link ?? "").slice(0, 100));
  put(block, 257, "ustar\x0000");
  put(block, 329, header.devmajor ?? "0000000");
  put(block, 337, "0000000");
  return Buffer.concat([seal(block), padded(content)]);
}

/** A pax extended header with these records. */
export function pax(records: Readonly<Record<string, string>>, type = "x"): Uint8Array {
  const text = Object.entries(records).map(([keyword, value]) => record(keyword, value));
  return entry({ name: "PaxHeader", type, content: text.join("") });
}

function record(keyword: string, value: string): string {
  const rest = ` ${keyword}=${value}\n`;
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}

export const endMark = new Uint8Array(2 * blockBytes);

/** The entries and the end mark. */
export function archive(...entries: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([...entries, endMark]);
}
