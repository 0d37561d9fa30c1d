import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

interface Field {
  readonly name: string;
  readonly message: string;
  readonly type: string;
  readonly comment: string;
}

const file = path.resolve(import.meta.dirname, "../../../../agent/protocol/agent.proto");
const lines = readFileSync(file, "utf8").split("\n");
const fieldLine = /^(?:repeated |optional )?([A-Za-z]\w*) (\w+) = \d+;\s*(?:\/\/ (.*))?$/;

const fields = parse();

/** Fields stand one a line, with their comment behind them or in the lines above. */
function parse(): Field[] {
  const found: Field[] = [];
  let message = "";
  let above = "";
  for (const line of lines) {
    const text = line.trim();
    const [, begun, inline] = /^message (\w+) \{(.*)/.exec(text) ?? [];
    if (begun !== undefined) message = begun;
    const [, type, name, comment = ""] = fieldLine.exec(inline?.replace("}", "").trim() || text) ?? [];
    if (type !== undefined && name !== undefined)
      found.push({ name, message, type, comment: `${above} ${comment}`.trim() });
    above = text.startsWith("//") ? `${above} ${text.slice(2)}` : "";
  }
  return found;
}

/** Messages that are part of those whose name ends so, themselves among them. */
function partsOf(suffix: string): Set<string> {
  const reached = new Set(fields.map(({ message }) => message).filter((name) => name.endsWith(suffix)));
  for (const name of reached)
    for (const { message, type } of fields) if (message === name && /^[A-Z]/.test(type)) reached.add(type);
  return reached;
}

const says = (field: Field) => `${field.message}.${field.name}: ${field.comment || "no comment"}`;
const isNumber = ({ type }: Field) => /^u?int(32|64)$/.test(type);

const unitInName = /_(seconds|ms|us|ns|bytes|mib)$|^(nanos|seconds)$|(^|_)(pid|uid|gid|gids)$/;
const unitInWords =
  /\b(bytes|seconds|milliseconds|microseconds|entries|characters|threads|descriptors|permission bits|number|version)\b/;

test("the parser sees every field", () => {
  const numbered = lines.filter((line) => /= \d+;/.test(line) && !/^\s*[A-Z_]+ = /.test(line));
  expect(fields.length).toBe(numbered.length);
  expect(fields.length).toBeGreaterThan(90);
});

test("who sets a field follows from its message: the host those of requests, the agent those of responses", () => {
  const [host, agent] = [partsOf("Request"), partsOf("Response")];
  expect([...host].filter((name) => agent.has(name))).toEqual([]);
  const messages = new Set(fields.map(({ message }) => message));
  expect([...messages].filter((name) => !host.has(name) && !agent.has(name))).toEqual([]);
});

test("each number says its unit, in its name or its comment", () => {
  const without = fields.filter(
    (field) => isNumber(field) && !unitInName.test(field.name) && !unitInWords.test(field.comment),
  );
  expect(without.map(says)).toEqual([]);
});

test("each field that the host sets says that it is required, or what its absence means", () => {
  const host = partsOf("Request");
  const stated = /\brequired\b|(^|[\s(])(0|empty|absent|false|unspecified): /;
  const without = fields.filter(({ message, comment }) => host.has(message) && !stated.test(comment));
  expect(without.map(says)).toEqual([]);
});
