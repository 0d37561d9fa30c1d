import { readFileSync } from "node:fs";
import path from "node:path";
import { isRunvError } from "@runv/protocol/errors";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { parseResources } from "../../runtime/src/oci/parse-resources.ts";
import { parseSpec } from "../../runtime/src/oci/parse-spec.ts";
import { resourcesOfVersion } from "../../runtime/src/oci/resources-of-version.ts";
import type { CgroupVersion } from "../../runtime/src/shared/cgroup-version.ts";
import { JsonCursor } from "../../runtime/src/shared/json-cursor.ts";
import { documentedRows } from "../harness/config-table.ts";
import { type Json, memberOf, withoutFields } from "../harness/json-fields.ts";
import { schemaFields } from "../harness/oci-schema.ts";
import { distDirectory, repositoryRoot } from "../harness/paths.ts";

/** A config.json with every field of runtime-spec, each with a value that asks for something. */
const everyField = JSON.parse(
  readFileSync(path.join(repositoryRoot, "test/fixtures/every-field.json"), "utf8"),
) as Json;

const place = "linux.resources";
const runvProgram = path.join(distDirectory, "runv");
const rows = documentedRows("fields");
const refused = rows.filter(({ status }) => status === "refused").map(({ name }) => name);
const effective = rows.filter(({ status }) => status === "honoured" || status === "differs");

/** Fields of which each excludes the others: what stands in their place in a second sample. */
const exclusive = { process: { scheduler: { policy: "SCHED_FIFO", priority: 5 } } };

/** What the parser makes of it, with what it warns of. @throws what the parser throws */
function parsed(document: Json): { readonly spec: unknown; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  return { spec: parseSpec(document, (sentence) => warnings.push(sentence)), warnings };
}

function membersOf(document: Json): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(document ?? {}));
}

/** The same, or the words of the refusal. */
function outcome(document: Json): unknown {
  try {
    return parsed(document).spec;
  } catch (error) {
    if (isRunvError(error)) return error.message;
    throw error;
  }
}

test("docs/config-json.md has one row for every field of runtime-spec, and no other", () => {
  expect(rows.map(({ name }) => name).sort()).toEqual(schemaFields());
});

test("a row that says less than honoured or refused says what", () => {
  const silent = rows.filter(({ status, note }) => note === "" && status !== "honoured");
  expect(silent.map(({ name }) => name)).toEqual([]);
});

test("the sample has every field", () => {
  const missing = schemaFields().filter(
    (field) => JSON.stringify(withoutFields(everyField, [field])) === JSON.stringify(everyField),
  );
  expect(missing).toEqual([]);
});

describe("the parser does what docs/config-json.md says", () => {
  const honoured = withoutFields(everyField, refused);

  test("all fields together that are not refused are accepted", () => {
    expect(parsed(honoured).spec).toBeTypeOf("object");
  });

  test.each(["1.0.0", "1.0.2-dev", "1.1.0", "1.2.1", "1.3.0"])("in version %s too", (ociVersion) => {
    expect(parsed({ ...membersOf(honoured), ociVersion }).spec).toMatchObject({ ociVersion });
  });

  test.each(effective.map(({ name }) => name))("%s has an effect", (field) => {
    const process = { ...membersOf(memberOf(honoured, "process")), ...exclusive.process };
    const samples = [honoured, { ...membersOf(honoured), process }];
    const hasEffect = (sample: Json): boolean =>
      JSON.stringify(outcome(withoutFields(sample, [field])), text) !==
      JSON.stringify(parsed(sample).spec, text);
    expect(samples.some(hasEffect)).toBe(true);
  });

  test.each(refused)("%s is refused by name", (field) => {
    const document = withoutFields(
      everyField,
      refused.filter((other) => other !== field),
    );
    expect(refusalOf(document)).toEqual(["unsupported", expect.toSatisfy((named) => isPartOf(field, named))]);
  });

  test("what has no effect is accepted with a warning, and changes nothing", () => {
    const { spec, warnings } = parsed(honoured);
    for (const { name } of rows.filter(({ status }) => status === "no effect")) {
      expect(outcome(withoutFields(honoured, [name])), name).toEqual(spec);
      expect(warnings).toContainEqual(expect.stringContaining(name));
    }
  });
});

describe("what the version of the guest's control groups decides", () => {
  const version = /with version 2, which has none, refused/;
  const ofVersionOne = rows.filter(({ note }) => version.test(note)).map(({ name }) => name);
  const ofVersionTwo = rows.filter(({ note }) => /with `cgroup_version = "v1"` refused/.test(note));

  test.each(ofVersionOne)("%s is refused by name for version 2", (field) => {
    expect(refusalFor("v2", [field], ofVersionOne)).toEqual([
      "unsupported",
      expect.toSatisfy((named) => isPartOf(field, named)),
    ]);
  });

  test.each(ofVersionTwo.map(({ name }) => name))("%s is refused by name for version 1", (field) => {
    expect(refusalFor("v1", [field])).toEqual([
      "unsupported",
      expect.toSatisfy((named) => isPartOf(field, named)),
    ]);
  });

  test("everything else is not", () => {
    expect(refusalFor("v2", [], ofVersionOne)).toEqual(["accepted"]);
    expect(
      refusalFor(
        "v1",
        [],
        ofVersionTwo.map(({ name }) => name),
      ),
    ).toEqual(["accepted"]);
  });
});

/** The verbs that a program's help lists. */
async function verbsOf(program: string): Promise<readonly string[]> {
  const { stdout } = await execa(program, ["--help"]);
  const [, listed = ""] = /^commands:\n((?:.+\n)+)/im.exec(stdout) ?? [];
  return [...listed.matchAll(/^ {2,3}([a-z]+)\b/gm)]
    .map(([, verb = ""]) => verb)
    .filter((verb) => verb !== "help");
}

describe("the verbs of docs/config-json.md", () => {
  const verbs = documentedRows("verbs");
  const namesOf = (chosen: typeof verbs) => chosen.map(({ name }) => name).sort();

  test("are runc's and runv's, each once", async () => {
    const known = [...(await verbsOf("runc")), ...(await verbsOf(runvProgram))];
    expect(namesOf(verbs)).toEqual([...new Set(known)].sort());
  });

  test.each(namesOf(verbs.filter(({ status }) => status !== "refused")))("%s is there", async (verb) => {
    const { stdout } = await execa(runvProgram, [verb, "--help"]);
    expect(stdout).toContain(`Usage: runv ${verb}`);
  });

  test.each(namesOf(verbs.filter(({ status }) => status === "refused")))(
    "%s is refused by name",
    async (verb) => {
      const { exitCode, stdout, stderr } = await execa(runvProgram, [verb, "some-container"], {
        reject: false,
      });
      expect([exitCode, stdout, stderr]).toEqual([
        1,
        "",
        expect.stringMatching(new RegExp(`^runv: .*${verb}`)),
      ]);
    },
  );
});

/** Numbers of 64 bits as text. */
function text(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** Code and field of the error that the parser throws. */
function refusalOf(document: Json): readonly unknown[] {
  try {
    parsed(document);
    return ["accepted"];
  } catch (error) {
    if (isRunvError(error)) return [error.code, error.context["field"]];
    throw error;
  }
}

/** Whether they are the same, or members of one element of a list. */
function isBeside(field: string, other: string): boolean {
  const element = (path: string): string => path.replace(/(\[\])\.\w+$/, "$1");
  return element(field) === element(other);
}

/** The same of a guest with such control groups. @param left of `among`, the only ones that are asked for */
function refusalFor(
  version: CgroupVersion,
  left: readonly string[],
  among: readonly string[] = [],
): readonly unknown[] {
  const document = withoutFields(
    everyField,
    among.filter((field) => !left.some((kept) => isBeside(field, kept))),
  );
  const resources = new JsonCursor(memberOf(memberOf(document, "linux"), "resources"), "config.json", place);
  try {
    const at = new JsonCursor(undefined, "config.json", place);
    resourcesOfVersion(
      parseResources(resources, () => undefined),
      version,
      at,
      () => undefined,
    );
    return ["accepted"];
  } catch (error) {
    if (isRunvError(error)) return [error.code, error.context["field"]];
    throw error;
  }
}

/** Whether a refusal that names "linux.namespaces[3].path", or "linux.namespaces", is of "linux.namespaces[].path". */
function isPartOf(field: string, named: unknown): boolean {
  const plain = (path: string): readonly string[] => path.replace(/\[\d*\]/g, "").split(".");
  const known = plain(field);
  return plain(String(named)).every((step, index) => step === known[index] || known[index] === "*");
}
