import { errorMessage, RunvError } from "@runv/protocol/errors";
import { parse } from "lossless-json";
import { BoundedReader, readRegularFile } from "./bounded-reader.ts";
import { pollUntil, withDeadline } from "./deadlines.ts";
import { excerpt } from "./excerpt.ts";
import { documentTimeoutMs, maxJsonDepth } from "./limits.ts";

/** How often a pipe that has nothing to read is looked at. */
const pipePollMs = 5;

/** Where 2^53 has its 16 digits; also finds what is none, in strings. */
const longInteger = /\d{16}/;
/** What 64 bits can hold is no longer. */
const long64 = /^-?\d{16,20}$/;

/**
 * Reads JSON of at most `maxBytes` from a regular file.
 * @param document how messages name it. @throws RunvError not-found, permission, invalid-argument, resource-exhausted.
 */
export function readJsonFile(path: string, document: string, maxBytes: number): unknown {
  return parseJson(readRegularFile(path, document, maxBytes), document);
}

/**
 * The same from whatever can be read: a file, a FIFO, /dev/stdin, a shell's <(command), as runc's `exec --process` takes it.
 * @throws RunvError also timeout, when the writer of a pipe does not come to its end.
 */
export async function readJsonStream(path: string, document: string, maxBytes: number): Promise<unknown> {
  const reader = new BoundedReader(path, document, maxBytes);
  try {
    await withDeadline(documentTimeoutMs, `${document}: reading ${path}`, null, async (signal) =>
      pollUntil(pipePollMs, signal, () => (reader.readToEnd() ? true : null)),
    );
    return parseJson(reader.text(), document);
  } finally {
    reader.close();
  }
}

/**
 * Whole numbers of up to 64 bits that a number cannot hold are bigints.
 * @throws RunvError invalid-argument when `text` is no JSON or nested too deeply.
 */
export function parseJson(text: string, document: string): unknown {
  if (nestingDepth(text) > maxJsonDepth) {
    throw new RunvError("invalid-argument", `${document}: nested deeper than ${maxJsonDepth} levels`);
  }
  try {
    return longInteger.test(text) ? parseExactly(text) : JSON.parse(text);
  } catch (cause) {
    throw new RunvError("invalid-argument", `${document}: not valid JSON: ${excerpt(errorMessage(cause))}`, {
      cause,
    });
  }
}

/** JSON.parse rounds, and Node 20 has no source text access; most documents have nothing to round. */
function parseExactly(text: string): unknown {
  return parse(text, null, {
    parseNumber: (digits) => (long64.test(digits) ? exact(BigInt(digits)) : Number(digits)),
    // As JSON.parse has it, and Go: the last one counts.
    onDuplicateKey: ({ newValue }) => newValue,
  });
}

function exact(integer: bigint): number | bigint {
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
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
