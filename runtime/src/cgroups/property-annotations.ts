import { RunvError } from "@runv/protocol/errors";
import type { UnitProperty } from "./unit-properties.ts";

const prefix = "org.systemd.property.";
const nameForm = /^[A-Za-z]{3,}$/;
/** What runv itself says of a container's unit, and finds it by. */
const ownProperties = ["Delegate", "Description", "PIDs", "Slice"];
const microsecondsPerSecond = 1_000_000;

/** D-Bus's letters for the words of GVariant. */
const typeWords: Readonly<Record<string, string>> = {
  boolean: "b",
  byte: "y",
  int16: "n",
  uint16: "q",
  int32: "i",
  uint32: "u",
  int64: "x",
  uint64: "t",
  double: "d",
  string: "s",
  objectpath: "o",
};
const basicTypes = Object.values(typeWords).join("");
/** One value: quoted, or a word. */
const item = String.raw`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s,'"()\[\]{}<>]+`;
const itemForm = new RegExp(item, "gu");
const arrayForm = new RegExp(String.raw`^\[\s*(?:(?:${item})(?:\s*,\s*(?:${item}))*)?\s*\]$`, "u");
const oneForm = new RegExp(`^(?:${item})$`, "u");
const typedForm = new RegExp(
  `^(?:@(?<signature>a?[${basicTypes}])|(?<word>${Object.keys(typeWords).join("|")}))\\s+(?<value>.*)$`,
  "su",
);

/**
 * Annotations `org.systemd.property.NAME` are properties of the container's unit, in GVariant's text form, as runc takes them. A time in
 * seconds ("TimeoutStopSec") is taken too. Values, and arrays of them, not what is composed of several types.
 * @throws RunvError "invalid-argument" or "unsupported", with the annotation's name
 */
export function annotatedProperties(annotations: Readonly<Record<string, string>>): readonly UnitProperty[] {
  return Object.entries(annotations)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => {
      const name = key.slice(prefix.length);
      if (!nameForm.test(name)) fail(key, `${JSON.stringify(name)} is no name of a property`);
      if (ownProperties.includes(name)) fail(key, "runv sets this property itself");
      return inMicroseconds({ name, ...parseValue(value.trim(), key) }, key);
    });
}

type Value = Pick<UnitProperty, "signature" | "words">;

function parseValue(given: string, key: string): Value {
  const { signature, word, value = given } = typedForm.exec(given)?.groups ?? {};
  const type = signature ?? typeWords[word ?? ""] ?? null;
  if (arrayForm.test(value) && word === undefined) return parseArray(value, type, key);
  if (!oneForm.test(value) || type?.startsWith("a") === true)
    throw new RunvError(
      "unsupported",
      `config.json: annotation ${key}: ${JSON.stringify(given)}: not supported: text, a number, true or false, with its type in front or not, or an array of these`,
    );
  const own = type ?? typeOf(value);
  return { signature: own, words: [plain(value, own, key)] };
}

function parseArray(array: string, type: string | null, key: string): Value {
  const items = array.slice(1, -1).match(itemForm) ?? [];
  const [first] = items;
  if (first === undefined && type === null)
    fail(key, "the type of an empty array has to stand in front: @as []");
  if (type !== null && !type.startsWith("a")) fail(key, "an array, and its type says otherwise");
  const own = type?.slice(1) ?? typeOf(first ?? "");
  const words = items.map((each) => plain(each, own, key));
  return { signature: `a${own}`, words: [String(words.length), ...words] };
}

function typeOf(value: string): string {
  if (/^['"]/u.test(value)) return "s";
  if (value === "true" || value === "false") return "b";
  return /^[+-]?(?:\d+|0x[\da-f]+)$/iu.test(value) ? "i" : "d";
}

const forms: Readonly<Record<string, RegExp>> = {
  b: /^(?:true|false)$/u,
  d: /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu,
  o: /^['"]/u,
  s: /^['"]/u,
};
const integerForm = /^[+-]?(?:\d+|0x[\da-f]+)$/iu;

function plain(value: string, type: string, key: string): string {
  if (!(forms[type] ?? integerForm).test(value))
    fail(key, `${JSON.stringify(value)} is not of the type ${JSON.stringify(type)}`);
  return /^['"]/u.test(value) ? value.slice(1, -1).replace(/\\(.)/gsu, unescaped) : value;
}

function unescaped(_match: string, letter: string): string {
  return { n: "\n", t: "\t" }[letter] ?? letter;
}

/** As runc does: systemd documents times in seconds, and takes them in microseconds. */
function inMicroseconds(property: UnitProperty, key: string): UnitProperty {
  const stem = /^(.*[a-z])Sec$/u.exec(property.name)?.[1];
  if (stem === undefined) return property;
  const [value = ""] = property.words;
  if (!/^[ynqiuxtd]$/u.test(property.signature)) fail(key, "seconds are a number");
  const microseconds = Math.round(Number(value) * microsecondsPerSecond);
  if (!(microseconds >= 0)) fail(key, "seconds are not negative");
  return { name: `${stem}USec`, signature: "t", words: [String(microseconds)] };
}

function fail(key: string, problem: string): never {
  throw new RunvError("invalid-argument", `config.json: annotation ${key}: ${problem}`);
}
