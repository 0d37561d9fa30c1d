import { parseJsonObject } from "./json-object.ts";

/** The line that opens a bulk connection (README.md): what the bytes after it are. */
export interface BulkHeader {
  readonly operation: "unpack";
  readonly container: string;
  /** Which of its trees: UnpackRequest.copy. */
  readonly copy: string;
}

const bulkVersion = 1;
/** Longest header line, newline included. */
export const maxBulkHeaderBytes = 4096;

export function encodeBulkHeader(header: BulkHeader): string {
  return `${JSON.stringify({ version: bulkVersion, ...header })}\n`;
}

/** @returns null when `line` (without its newline) is not a header of this version. */
export function parseBulkHeader(line: string): BulkHeader | null {
  const header = parseJsonObject(line);
  if (header === null) return null;
  const { version, operation, container, copy } = header;
  if (version !== bulkVersion || operation !== "unpack") return null;
  if (typeof container !== "string" || typeof copy !== "string") return null;
  return { operation, container, copy };
}
