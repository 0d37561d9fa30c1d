import { RunvError } from "@runv/protocol/errors";
import { excerpt } from "./excerpt.ts";

/**
 * A place in a JSON document that comes from outside: reads what is there or throws a sentence with the place's path.
 * `null` counts as absent, as it does for the Go programs that write most of these documents.
 */
export class JsonCursor {
  readonly #value: unknown;
  /** What is read, for messages: "config.json". */
  readonly #document: string;
  /** "process.args[0]"; empty for the whole document. */
  readonly path: string;

  constructor(value: unknown, document: string, path = "") {
    this.#value = value ?? undefined;
    this.#document = document;
    this.path = path;
  }

  get isPresent(): boolean {
    return this.#value !== undefined;
  }

  /** Whether there is nothing to honour: absent, empty, or false. */
  get isNeutral(): boolean {
    return isNeutral(this.#value);
  }

  /** @throws RunvError invalid-argument: "config.json: process.args: `why`". */
  fail(why: string): never {
    throw this.error("invalid-argument", why);
  }

  /** @throws RunvError unsupported. */
  refuse(why: string): never {
    throw this.error("unsupported", why);
  }

  member(name: string): JsonCursor {
    const object = this.isPresent ? this.#object() : {};
    const path = this.path === "" ? name : `${this.path}.${name}`;
    return new JsonCursor(Object.hasOwn(object, name) ? object[name] : undefined, this.#document, path);
  }

  /** Absent: no members. */
  members(): readonly (readonly [name: string, value: JsonCursor])[] {
    if (!this.isPresent) return [];
    return Object.keys(this.#object()).map((name) => [name, this.member(name)]);
  }

  /** Absent: no elements. */
  array<T>(parse: (element: JsonCursor) => T): readonly T[] {
    if (!this.isPresent) return [];
    if (!Array.isArray(this.#value)) this.fail("must be an array");
    const elements: readonly unknown[] = this.#value;
    return elements.map((element, index) =>
      parse(new JsonCursor(element, this.#document, `${this.path}[${index}]`)),
    );
  }

  strings(): readonly string[] {
    return this.array((element) => element.string());
  }

  /** Text for the kernel: no NUL. */
  string(): string {
    if (typeof this.#value !== "string") this.fail("must be a string");
    if (this.#value.includes("\0")) this.fail("must not contain a NUL character");
    return this.#value;
  }

  boolean(): boolean {
    if (typeof this.#value !== "boolean") this.fail("must be true or false");
    return this.#value;
  }

  /** Beyond 2^53 to the next number there is. */
  integer(minimum: number, maximum: number): number {
    const value = typeof this.#value === "bigint" ? Number(this.#value) : this.#value;
    if (typeof value !== "number" || !Number.isInteger(value) || value < minimum || value > maximum) {
      this.fail(`must be an integer from ${minimum} to ${maximum}`);
    }
    return value;
  }

  /** Exact, where the document was read with `parseJson`. */
  bigInteger(minimum: bigint, maximum: bigint): bigint {
    const value = this.#value;
    const isWhole = typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
    const integer = isWhole ? BigInt(value) : null;
    if (integer === null || integer < minimum || integer > maximum) {
      this.fail(`must be an integer from ${minimum} to ${maximum}`);
    }
    return integer;
  }

  oneOf<const T extends string>(allowed: readonly T[]): T {
    const text = this.string();
    const found = allowed.find((candidate) => candidate === text);
    return found ?? this.fail(`must be one of ${allowed.join(", ")}: ${JSON.stringify(text)}`);
  }

  /** @returns `fallback` when absent. */
  optional<T, F>(parse: (present: JsonCursor) => T, fallback: F): T | F {
    return this.isPresent ? parse(this) : fallback;
  }

  stringMap(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.members().map(([name, value]) => [name, value.string()]));
  }

  /** What is there, for whoever parses it next. */
  raw(): unknown {
    return this.#value;
  }

  error(code: "invalid-argument" | "unsupported", why: string): RunvError {
    const place = this.path === "" ? this.#document : `${this.#document}: ${excerpt(this.path)}`;
    return new RunvError(code, `${place}: ${excerpt(why)}`, {
      context: { document: this.#document, field: this.path },
    });
  }

  #object(): Record<string, unknown> {
    if (typeof this.#value !== "object" || this.#value === null || Array.isArray(this.#value)) {
      this.fail("must be an object");
    }
    return this.#value as Record<string, unknown>;
  }
}

function isNeutral(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  if (typeof value !== "object") return false;
  return Object.values(value).every(isNeutral);
}
