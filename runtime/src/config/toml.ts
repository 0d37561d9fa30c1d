import { errorMessage, RunvError } from "@runv/protocol/errors";
import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import type { Given } from "./given.ts";

/** A value in a file, or a table that has none. */
export interface TomlEntry {
  /** "scratch.mib"; parts that are no bare keys are in quotes. */
  readonly key: string;
  /** From 1. */
  readonly line: number;
  /** null for the header of a table: what is in it has entries of its own. */
  readonly given: Given | null;
}

const longestQuote = 60;

/** @param name of the file, for messages. @throws RunvError invalid-argument "FILE:LINE: why" for what is no TOML 1.0. */
export function parseToml(source: string, name: string): readonly TomlEntry[] {
  try {
    const [table] = parseTOML(source, { tomlVersion: "1.0.0" }).body;
    return table.body.flatMap((node) => entriesOf(node, "", source));
  } catch (cause) {
    const line = cause instanceof ParseError ? `:${cause.lineNumber}` : "";
    throw new RunvError(
      "invalid-argument",
      `configuration: ${name}${line}: not valid TOML: ${lowered(errorMessage(cause))}`,
      {
        cause,
        context: { path: name },
      },
    );
  }
}

function entriesOf(node: AST.TOMLKeyValue | AST.TOMLTable, prefix: string, source: string): TomlEntry[] {
  const key = prefix + node.key.keys.map(partName).join(".");
  const line = node.loc.start.line;
  if (node.type === "TOMLKeyValue") {
    const { value } = node;
    if (value.type !== "TOMLInlineTable") return [{ key, line, given: givenOf(value, source) }];
    return [
      { key, line, given: null },
      ...value.body.flatMap((inner) => entriesOf(inner, `${key}.`, source)),
    ];
  }
  const header: TomlEntry = { key: node.kind === "array" ? `${key}[]` : key, line, given: null };
  return [header, ...node.body.flatMap((inner) => entriesOf(inner, `${header.key}.`, source))];
}

function partName(part: AST.TOMLBare | AST.TOMLQuoted): string {
  const name = part.type === "TOMLBare" ? part.name : part.value;
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}

function givenOf(node: AST.TOMLContentNode, source: string): Given {
  const written = source.slice(...node.range).replace(/\s+/g, " ");
  const quoted = written.length > longestQuote ? `${written.slice(0, longestQuote)}…` : written;
  if (node.type === "TOMLArray")
    return { kind: "list", value: node.elements.map((element) => givenOf(element, source)), source: quoted };
  if (node.type === "TOMLValue" && node.kind === "string")
    return { kind: "string", value: node.value, source: quoted };
  // The parser's range of a lone 0 is empty.
  if (node.type === "TOMLValue" && node.kind === "integer")
    return { kind: "integer", value: node.value, source: quoted === "" ? String(node.value) : quoted };
  return { kind: "other", value: null, source: quoted };
}

function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
