import { closeSync, openSync, readSync } from "node:fs";
import { errorMessage, RunvError } from "@runv/protocol/errors";
import { maxJsonDepth } from "./limits.ts";
import { systemErrorCode } from "./system-error.ts";

const chunkBytes = 64 * 1024;

/**
 * Reads JSON of at most `maxBytes` from a file, pipe or /dev/stdin.
 * @param document how messages name it. @throws RunvError not-found, permission, invalid-argument.
 */
export function readJsonFile(path: string, document: string, maxBytes: number): unknown {
  return parseJson(readBounded(path, document, maxBytes), document);
}

/** @throws RunvError invalid-argument when `text` is no JSON or nested too deeply. */
export function parseJson(text: string, document: string): unknown {
  if (nestingDepth(text) > maxJsonDepth) {
    throw new RunvError("invalid-argument", `${document}: nested deeper than ${maxJsonDepth} levels`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RunvError("invalid-argument", `${document}: not valid JSON: ${errorMessage(cause)}`, { cause });
  }
}

function readBounded(path: string, document: string, maxBytes: number): string {
  const descriptor = open(path, document);
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const count = readSync(descriptor, chunk);
      if (count === 0) return Buffer.concat(chunks).toString("utf8");
      length += count;
      if (length > maxBytes) {
        throw new RunvError("resource-exhausted", `${document}: larger than ${maxBytes} bytes: ${path}`);
      }
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(descriptor);
  }
}

function open(path: string, document: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new RunvError(openErrorCode(cause), `${document}: cannot be read: ${errorMessage(cause)}`, {
      cause,
      context: { path },
    });
  }
}

function openErrorCode(cause: unknown): "not-found" | "permission" | "internal" {
  const code = systemErrorCode(cause);
  if (code === "ENOENT" || code === "ENOTDIR") return "not-found";
  return code === "EACCES" || code === "EPERM" ? "permission" : "internal";
}

function nestingDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (inString) {
      if (character === "\\") index++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") deepest = Math.max(deepest, ++depth);
    else if (character === "}" || character === "]") depth--;
  }
  return deepest;
}
