import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Random } from "../fixtures/grpc/random.ts";
import { documentedRows } from "../harness/config-table.ts";
import { type Json, withoutFields } from "../harness/json-fields.ts";
import { leavesNothing, useRunv } from "../harness/leftovers.ts";
import { repositoryRoot } from "../harness/paths.ts";
import { randomConfig, sectionsOf } from "../harness/random-config.ts";
import { caseCount } from "../harness/sample.ts";

/** RUNV_FUZZ_SEED repeats a run; case `n` of a seed is always the same config.json. */
const seed = Number(process.env["RUNV_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const randomFor = (index: number): Random => new Random(seed * 1_000_003 + index);
const deadlineMs = 3 * 60 * 60_000;
/** So many of the cases ask for something that is refused as well. */
const refusedEvery = 5;

const runv = useRunv();

const everyField = JSON.parse(
  readFileSync(path.join(repositoryRoot, "test/fixtures/every-field.json"), "utf8"),
) as Json;
const refused = documentedRows("fields").flatMap(({ name, status }) => (status === "refused" ? [name] : []));

/** What the run of a random config.json shows otherwise than asked for. */
async function deviations(index: number): Promise<readonly string[]> {
  const random = randomFor(index);
  const { document, checks } = randomConfig(random);
  const { status, stdout, stderr } = await run(document);
  if (status !== 0) return [`case ${index}: status ${status}: ${stderr}`];
  const shown = sectionsOf(stdout);
  return checks.flatMap(({ name, expected }, position) => {
    const found = shown.get(position);
    return found === expected
      ? []
      : [
          `case ${index}: ${name}: ${(found ?? "nothing").slice(0, 300)}, not ${JSON.stringify(expected).slice(0, 300)}`,
        ];
  });
}

/** The same with something that is refused: whatever else it asks for, the field is named. */
async function unrefused(index: number): Promise<readonly string[]> {
  const random = randomFor(index);
  const { document } = randomConfig(random);
  const field = refused[random.below(refused.length)] ?? "";
  const extra = withoutFields(
    everyField,
    refused.filter((other) => other !== field),
  );
  const { status, stdout, stderr } = await run(merged(document, extra, field.split(/[.[]/)));
  const [, name = ""] = /^([^.[]+(?:\.[^.[]+)?)/.exec(field) ?? [];
  return status === 1 && stdout === "" && stderr.includes(`config.json: ${name}`)
    ? []
    : [`case ${index}: with ${field}: status ${status}: ${stderr}`];
}

async function run(document: object) {
  const bundle = runv().bundle({ args: ["true"] });
  writeFileSync(path.join(bundle, "config.json"), JSON.stringify(document));
  return runv().run(["run", "--bundle", bundle, runv().newId()]);
}

/** A document with the member of `extra` that a field is below. */
function merged(document: object, extra: Json, [first = "", second = ""]: readonly string[]): object {
  const of = (value: unknown, name: string): unknown => new Map(Object.entries(value ?? {})).get(name);
  const section = of(extra, first);
  if (second === "" || first === "vm" || Array.isArray(section)) return { ...document, [first]: section };
  return {
    ...document,
    [first]: {
      ...Object.fromEntries(Object.entries(of(document, first) ?? {})),
      [second]: of(section, second),
    },
  };
}

test(`random config.json, seed ${seed}: honoured inside, or refused by name`, {
  timeout: deadlineMs,
}, async () => {
  const found: string[] = [];
  const count = caseCount({ sample: 10, full: 500 });
  for (let index = 0; index < count; index++)
    found.push(...(await (index % refusedEvery === refusedEvery - 1 ? unrefused(index) : deviations(index))));
  expect(found).toEqual([]);
});

leavesNothing(runv);
