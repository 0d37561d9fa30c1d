import { readFileSync } from "node:fs";
import path from "node:path";
import { debianPackage } from "../../scripts/lib/debian-package.mjs";

type Schema = Readonly<Record<string, unknown>>;

/** A schema together with the file that its references are relative to. */
interface Place {
  readonly schema: Schema;
  readonly file: string;
}

/** Sections for other systems: one row each, whatever is in them. */
const otherSystems: readonly string[] = ["solaris", "windows", "zos", "freebsd"];

/**
 * Every field of config.json that the newest runtime-spec has, by the JSON schema that comes with it (Debian:
 * golang-github-opencontainers-specs-dev): "process.args", "mounts[].type", "annotations.*". Fields are only ever added.
 */
export function schemaFields(): readonly string[] {
  const directory = path.join(
    debianPackage("binary", "golang-github-opencontainers-specs-dev"),
    "root/usr/share/gocode/src/github.com/opencontainers/runtime-spec/schema",
  );
  const file = "config-schema.json";
  const walker = new Walker(directory);
  return [...new Set(walker.leaves({ schema: walker.read(file), file }, ""))].sort();
}

class Walker {
  readonly #directory: string;
  readonly #files = new Map<string, Schema>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  read(file: string): Schema {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const schema = object(JSON.parse(readFileSync(path.join(this.#directory, file), "utf8")));
    this.#files.set(file, schema);
    return schema;
  }

  /** The fields below a place; the place itself when it has none. */
  leaves(place: Place, field: string): readonly string[] {
    if (otherSystems.includes(field)) return [field];
    const below = this.#below(this.#resolve(place), field);
    return below.length > 0 || field === "" ? below : [field];
  }

  #below({ schema, file }: Place, field: string): string[] {
    const named = Object.entries(object(schema["properties"])).map(([name, member]): [string, unknown] => [
      field === "" ? name : `${field}.${name}`,
      member,
    ]);
    const maps = [...Object.values(object(schema["patternProperties"])), schema["additionalProperties"]]
      .filter((member) => typeof member === "object")
      .map((member): [string, unknown] => [`${field}.*`, member]);
    const children = [...named, ...maps].flatMap(([name, member]) =>
      this.leaves({ schema: object(member), file }, name),
    );
    const combined = ["allOf", "oneOf", "anyOf"].flatMap((kind) => list(schema[kind]));
    const same = combined.flatMap((member) =>
      this.#below(this.#resolve({ schema: object(member), file }), field),
    );
    const elements = [schema["items"]]
      .flat()
      .filter((item) => item !== undefined)
      .flatMap((item) => this.#below(this.#resolve({ schema: object(item), file }), `${field}[]`));
    return [...children, ...same, ...elements];
  }

  #resolve(place: Place): Place {
    const reference = place.schema["$ref"];
    if (typeof reference !== "string") return place;
    const [name = "", pointer = ""] = reference.split("#");
    const file = name === "" ? place.file : name;
    const steps = pointer.split("/").filter((step) => step !== "");
    const schema = steps.reduce((found, step) => object(found[step]), this.read(file));
    return this.#resolve({ schema, file });
  }
}

/** Absent: nothing in it. */
function object(value: unknown): Schema {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
