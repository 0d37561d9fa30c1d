import type { Random } from "../fixtures/grpc/random.ts";
import type { Json } from "./json-fields.ts";

/** What a field may be set to that it is hardly meant to be. */
const oddValues: readonly [Json, ...Json[]] = [
  ...([
    null,
    true,
    false,
    0,
    -0,
    -1,
    1,
    0.5,
    65_536,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    1e21,
    1e308,
    -1e308,
  ] as const),
  ...[
    "",
    " ",
    "\0",
    "a\0b",
    "a\nb",
    "/",
    "..",
    "../../etc/passwd",
    "=",
    "a=b",
    "-1",
    "0",
    "1e9",
    "🦉",
    "\ud800",
  ],
  ...["\u001b[31m", "x".repeat(300), "y".repeat(100_000), "__proto__", "constructor", "toString", "NaN"],
  ...[[], {}, [[]], [{}], [null], [""], ["", ""], { "": "" }, { a: { b: { c: {} } } }],
  deeplyNested(40),
  deeplyNested(200),
];

/** Numbers that JSON can write and JavaScript cannot. */
const oddNumbers = [
  "18446744073709551615",
  "-9223372036854775808",
  "1e999",
  "9007199254740993",
  "1".repeat(400),
] as const;
const oddBytes = [
  "",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\",
  "\0",
  "\n",
  "\u2028",
  "null",
  "//",
  "é",
  "\\ud800",
] as const;

function deeplyNested(levels: number): Json {
  return levels === 0 ? [] : [deeplyNested(levels - 1)];
}

/** The text of a document that is close to `document`, and seldom what its reader expects. The same for the same random numbers. */
export function mutatedJson(document: Json, random: Random): string {
  let changed = document;
  for (let count = 1 + random.below(3); count > 0; count--) changed = mutated(changed, random);
  const text = JSON.stringify(changed);
  const change = random.below(10);
  if (change === 0) return brokenText(text, random);
  return change === 1 ? withOddNumber(text, random) : text;
}

/** Changes one value somewhere. */
function mutated(value: Json, random: Random): Json {
  if (value === null || typeof value !== "object") return mutatedLeaf(value, random);
  const entries = Object.entries(value);
  const at = random.below(entries.length + 1);
  const entry = entries[at];
  if (entry === undefined) return withOneMore(value, entries, random);
  const [name, member] = entry;
  // Mostly deeper, so that what is far down is met as often.
  const action = random.below(12);
  const changed: readonly (readonly [string, Json])[] =
    action === 0
      ? []
      : action === 1
        ? [[name, random.pick(oddValues)]]
        : action === 2
          ? [[misspelt(name, random), member]]
          : action === 3
            ? [[name, random.pick([[member], { [name]: member }])]]
            : action === 4
              ? [[name, entries[random.below(entries.length)]?.[1] ?? null]]
              : [[name, mutated(member, random)]];
  return rebuilt(value, [...entries.slice(0, at), ...changed, ...entries.slice(at + 1)]);
}

function mutatedLeaf(value: Json, random: Random): Json {
  if (typeof value === "string" && random.below(2) === 0) return mutatedText(value, random);
  if (typeof value === "number" && random.below(2) === 0)
    return random.pick([value + 1, value - 1, -value, value * 1000, value + 0.25, String(value)]);
  if (typeof value === "boolean" && random.below(2) === 0) return !value;
  return random.pick(oddValues);
}

function mutatedText(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  return random.pick([
    text.slice(0, at),
    text.slice(at),
    text + text,
    text.toUpperCase(),
    text.toLowerCase(),
    `${text.slice(0, at)}${random.pick(oddBytes)}${text.slice(at)}`,
  ]);
}

function withOneMore(value: Json, entries: readonly (readonly [string, Json])[], random: Random): Json {
  const again = entries[random.below(Math.max(entries.length, 1))];
  const name = random.pick(["new", "__proto__", "constructor", "", again?.[0] ?? "x"]);
  return rebuilt(value, [...entries, [name, again?.[1] ?? random.pick(oddValues)]]);
}

function misspelt(name: string, random: Random): string {
  return random.pick([`${name}x`, name.toUpperCase(), name.slice(1), ` ${name}`, "__proto__"]);
}

function rebuilt(value: Json, entries: readonly (readonly [string, Json])[]): Json {
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries);
}

/** What a crash, a full disk or a wrong editor make of a file. */
function brokenText(text: string, random: Random): string {
  const [at, to] = [random.below(text.length + 1), random.below(text.length + 1)];
  return random.pick([
    text.slice(0, at),
    `${text.slice(0, at)}${random.pick(oddBytes)}${text.slice(at)}`,
    text.slice(0, Math.min(at, to)) + text.slice(Math.max(at, to)),
    `${text}${text}`,
    `\ufeff${text}`,
    text.replaceAll('"', "'"),
    "\0".repeat(text.length),
    `${text.slice(0, at)}${String.fromCharCode(random.below(65_536))}${text.slice(at + 1)}`,
  ]);
}

function withOddNumber(text: string, random: Random): string {
  const numbers = [...text.matchAll(/(?<=[:[,])-?\d+(?=[,\]}])/g)];
  const chosen = numbers[random.below(Math.max(numbers.length, 1))];
  if (chosen === undefined) return text;
  return text.slice(0, chosen.index) + random.pick(oddNumbers) + text.slice(chosen.index + chosen[0].length);
}
