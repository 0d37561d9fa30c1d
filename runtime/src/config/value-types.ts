import { type Given, givenList, givenNumber, givenText } from "./given.ts";

/** What a setting accepts. */
export interface ValueType<T> {
  /** Completes "must be …". */
  readonly expected: string;
  /** @returns undefined for what is not accepted. */
  readonly accept: (given: Given) => T | undefined;
  /** What text of the environment or of an annotation stands for. */
  readonly fromText: (text: string) => Given;
  /** A method, so that a type of T is one of unknown values, too. */
  toToml(value: T): string;
}

export function choice<T extends string>(choices: Readonly<Record<T, string>>): ValueType<T> {
  const isChoice = (text: string): text is T => Object.hasOwn(choices, text);
  const names = Object.keys(choices).map((name) => JSON.stringify(name));
  return {
    ...text((value) => (isChoice(value) ? value : undefined)),
    expected: names.length === 1 ? names.join("") : `one of ${names.join(", ")}`,
  };
}

export function wholeNumber(minimum: number, maximum: number): ValueType<number> {
  return {
    expected: `a whole number from ${minimum} to ${maximum}`,
    accept: ({ kind, value }) =>
      kind === "integer" && typeof value === "number" && value >= minimum && value <= maximum
        ? value
        : undefined,
    fromText: givenNumber,
    toToml: String,
  };
}

export const absolutePath: ValueType<string> = {
  ...text((value) => (isAbsolutePath(value) ? value : undefined)),
  expected: "an absolute path",
};

/** Safe as the name of a directory. */
export const plainName: ValueType<string> = {
  ...text((value) => (isPlainName(value) ? value : undefined)),
  expected: "a name of letters, digits, '.', '_' and '-'",
};

export const nameOrPath: ValueType<string> = {
  ...text((value) => (isPlainName(value) || isAbsolutePath(value) ? value : undefined)),
  expected: "a name of letters, digits, '.', '_' and '-', or an absolute path",
};

/** Some of `names()`, which is asked late: they may depend on the schema that this is part of. */
export function listOf(names: () => readonly string[]): ValueType<readonly string[]> {
  return {
    get expected() {
      return `a list of some of ${names()
        .map((name) => JSON.stringify(name))
        .join(", ")}`;
    },
    accept: ({ kind, value }) => {
      if (kind !== "list" || !Array.isArray(value)) return undefined;
      const elements: readonly unknown[] = value.map((element: Given) => element.value);
      return elements.every((name) => typeof name === "string" && names().includes(name))
        ? elements.map(String)
        : undefined;
    },
    fromText: givenList,
    toToml: (value) => `[${value.map((name) => JSON.stringify(name)).join(", ")}]`,
  };
}

/** Words for a command line. */
export const words: ValueType<readonly string[]> = {
  expected: "a list of words of printable characters",
  accept: ({ kind, value }) => {
    if (kind !== "list" || !Array.isArray(value)) return undefined;
    const elements: readonly unknown[] = value.map((element: Given) => element.value);
    return elements.every((word) => typeof word === "string" && /^[\x20-\x7e]+$/.test(word))
      ? elements.map(String)
      : undefined;
  },
  fromText: givenList,
  toToml: (value) => `[${value.map((word) => JSON.stringify(word)).join(", ")}]`,
};

function text<T extends string>(accept: (text: string) => T | undefined): Omit<ValueType<T>, "expected"> {
  return {
    accept: ({ value }) => (typeof value === "string" ? accept(value) : undefined),
    fromText: givenText,
    // JSON's strings are TOML's basic strings, but for DEL (toml.io, v1.0.0: String).
    toToml: (value) => JSON.stringify(value).replaceAll("\x7f", "\\u007f"),
  };
}

function isPlainName(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]{0,62}$/.test(text);
}

function isAbsolutePath(text: string): boolean {
  return text.startsWith("/") && !text.includes("\0");
}
