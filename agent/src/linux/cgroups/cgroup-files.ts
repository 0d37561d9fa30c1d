import type { Counter } from "@runv/protocol";
import { errnoOf } from "../errno.ts";
import { readFile } from "../sys.ts";

const maxFileBytes = 65_536;

/** The files of a cgroup. What a kernel does not have reads as empty: a controller, or a file that only some kernels know. */
export class CgroupFiles {
  readonly #pathOf: (name: string) => string;

  /** @param pathOf where the file of a name is */
  constructor(pathOf: (name: string) => string) {
    this.#pathOf = pathOf;
  }

  text(name: string): string {
    try {
      return readFile(this.#pathOf(name), maxFileBytes);
    } catch (thrown) {
      if (["ENOENT", "EOPNOTSUPP"].includes(errnoOf(thrown) ?? "")) return "";
      throw thrown;
    }
  }

  number(name: string): number {
    return Number(this.text(name));
  }

  /** Of a list "1 2 3". */
  numbers(name: string): number[] {
    return this.text(name)
      .split(/\s+/)
      .filter((part) => part !== "")
      .map(Number);
  }

  /** undefined for "max". */
  limit(name: string): number | undefined {
    const text = this.text(name).trim();
    return text === "" || text === "max" ? undefined : Number(text);
  }

  /** Lines "name value". A bound that is none (2^63 less a page) is as much as a number says exactly. */
  counters(name: string): Counter[] {
    return [...this.text(name).matchAll(/^(\w+) (\d+)$/gm)].map(([, key = "", value]) => ({
      name: key,
      value: Math.min(Number(value), Number.MAX_SAFE_INTEGER),
    }));
  }
}
