import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { Random } from "../fixtures/grpc/random.ts";
import { documentedRows } from "../harness/config-table.ts";
import { rootfsWith } from "../harness/guest-programs.ts";
import { type Json, memberOf, withoutFields } from "../harness/json-fields.ts";
import { leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import { repositoryRoot } from "../harness/paths.ts";
import type { Draft } from "../harness/random-config/draft.ts";
import {
  coveredFields,
  documentOf,
  hostOutput,
  randomDraft,
  sectionsOf,
  spoiltDraft,
} from "../harness/random-config/random-config.ts";
import { jsonText } from "../harness/random-config/wide-numbers.ts";
import type { Outcome } from "../harness/runv.ts";
import { caseCount } from "../harness/sample.ts";

/** RUNV_FUZZ_SEED repeats a run, and RUNV_FUZZ_CASE one case of it ("7") or some ("100-149"): case `n` of a seed is always the same config.json. */
const seed = Number(process.env["RUNV_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const chosenCases = process.env["RUNV_FUZZ_CASE"];
/** Where config.json of the cases that fail are kept. */
const keptDirectory = process.env["RUNV_FUZZ_KEEP"];
const randomFor = (index: number): Random => new Random(seed * 1_000_003 + index);
const deadlineMs = 3 * 60 * 60_000;
/** So many of the cases ask for something that cannot be had as well, in turns a field and a value. */
const refusedEvery = 5;

const runv = useRunv();
let rootfs = "";
beforeAll(async () => {
  rootfs = path.join(runv().directory, "rootfs");
  await rootfsWith(rootfs, ["syscalls"]);
});

const everyField = JSON.parse(
  readFileSync(path.join(repositoryRoot, "test/fixtures/every-field.json"), "utf8"),
) as Json;
const rows = documentedRows("fields");
/** Those that only version 1 control groups have are refused here: guests have version 2. */
const refused = rows.flatMap(({ name, status, note }) =>
  status === "refused" || note.includes("with version 2, which has none, refused") ? [name] : [],
);

/** Fields that no random config.json is about, and why. */
const exceptions = {
  "linux.resources.rdma.*.hcaHandles": "no guest has such a device, so that it is always refused",
  "linux.resources.rdma.*.hcaObjects": "the same",
  "process.terminal": "a terminal has another test on each side of it: oci/terminal, vm/terminal",
} as const;

test("every field of config.json is looked at, refused, or an exception", () => {
  const known = new Set([...coveredFields, ...refused, ...Object.keys(exceptions)]);
  expect([...known].sort()).toEqual(rows.map(({ name }) => name).sort());
});

type Case = (index: number) => Promise<readonly string[]>;

/** What a random config.json comes to otherwise than asked for. */
const honoured: Case = async (index) => {
  const draft = randomDraft(newRequest(), randomFor(index));
  return undoing(draft, async () => deviations(draft, await run(draft, documentOf(draft))));
};

/** With a value that nobody can be given, whatever else it asks for. */
const contradicting: Case = async (index) => {
  const draft = spoiltDraft(newRequest(), randomFor(index));
  return undoing(draft, async () => deviations(draft, await run(draft, documentOf(draft))));
};

/** The same with a field that is refused. */
const unsupported: Case = async (index) => {
  const random = randomFor(index);
  const draft = randomDraft(newRequest(), random);
  const field = refused[random.below(refused.length)] ?? "";
  const others = refused.filter((other) => other !== field);
  const document = merged(documentOf(draft), withoutFields(everyField, others), field.split(/[.[]/));
  const [, name = ""] = /^([^.[]+(?:\.[^.[]+)?)/.exec(field) ?? [];
  draft.failure = `config.json: ${name}`;
  return undoing(draft, async () => deviations(draft, await run(draft, document)));
};

function newRequest() {
  const id = runv().newId();
  const directory = path.join(runv().directory, `bundle of ${id}`);
  mkdirSync(directory, { mode: 0o755 });
  return { id, directory, rootfs };
}

async function undoing(draft: Draft, work: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    const found = await work();
    if (found.length > 0 && keptDirectory !== undefined)
      copyFileSync(path.join(draft.directory, "config.json"), path.join(keptDirectory, `${draft.id}.json`));
    return found;
  } finally {
    for (const undo of draft.undo.toReversed()) undo();
  }
}

async function run({ id, directory, env }: Draft, document: object): Promise<Outcome> {
  writeFileSync(path.join(directory, "config.json"), jsonText(document));
  return runv().run(["run", "--bundle", directory, id], { env });
}

function deviations(draft: Draft, outcome: Outcome): readonly string[] {
  const { status, stdout, stderr } = outcome;
  const left = leftoversOf(runv(), draft.id).map((what) => `left: ${what}`);
  if (isRefusedHere(draft, outcome)) return left;
  if (draft.failure !== null) {
    const isRefused = status === 1 && stderr.includes(draft.failure);
    const isSilent = stdout === "" || draft.failure.includes("hook: poststart");
    const sentence = `${draft.failure} is not refused: status ${status}: ${stderr}`;
    return [...left, ...(isRefused && isSilent ? [] : [sentence])];
  }
  if (status !== 0) return [...left, `status ${status}: ${stderr}`];
  const host = hostOutput(draft.directory);
  return [
    ...left,
    ...differences(draft.checks, stdout),
    ...differences(draft.hostScripts, existsSync(host) ? readFileSync(host, "utf8") : ""),
    ...draft.hostChecks.flatMap(({ name, found, expected }) => difference(name, found(), expected)),
    ...wrongWarnings(draft, stderr),
  ];
}

/** What this host has not. */
function isRefusedHere({ possibleFailures }: Draft, { status, stdout, stderr }: Outcome): boolean {
  const [sentence = ""] = stderr.split("\n");
  return status === 1 && stdout === "" && possibleFailures.some((part) => sentence.includes(part));
}

function differences(checks: Draft["checks"], output: string): readonly string[] {
  const shown = sectionsOf(output);
  return checks.flatMap(({ name, expected }, index) =>
    difference(name, shown.get(index) ?? "nothing", expected),
  );
}

function difference(name: string, found: string, expected: string): readonly string[] {
  const excerpt = (text: string): string => JSON.stringify(text).slice(0, 300);
  return found === expected ? [] : [`${name.slice(0, 200)}: ${excerpt(found)}, not ${excerpt(expected)}`];
}

function wrongWarnings({ warnings, possibleWarnings }: Draft, stderr: string): readonly string[] {
  const lines = stderr.split("\n").filter((line) => line !== "");
  const unasked = lines.filter(
    (line) => ![...warnings, ...possibleWarnings].some((part) => line.includes(part)),
  );
  const missing = warnings.filter((part) => !stderr.includes(part));
  return [...unasked.map((line) => `unexpected: ${line}`), ...missing.map((part) => `no warning: ${part}`)];
}

/** A document with the member of `extra` that a field is below. */
function merged(document: object, extra: Json, [first = "", second = ""]: readonly string[]): object {
  const of = (value: unknown, name: string): unknown => new Map(Object.entries(value ?? {})).get(name);
  const section = memberOf(extra, first);
  if (second === "" || first === "vm" || Array.isArray(section)) return { ...document, [first]: section };
  return {
    ...document,
    [first]: {
      ...Object.fromEntries(Object.entries(of(document, first) ?? {})),
      [second]: of(section, second),
    },
  };
}

function caseOf(index: number): Case {
  if (index % refusedEvery !== refusedEvery - 1) return honoured;
  return index % (2 * refusedEvery) === refusedEvery - 1 ? contradicting : unsupported;
}

test(`random config.json, RUNV_FUZZ_SEED=${seed}: honoured inside, or refused by name`, {
  timeout: deadlineMs,
}, async () => {
  const found: string[] = [];
  const count = caseCount({ sample: 10, full: 500 });
  const [first = 0, last = first] = chosenCases?.split("-").map(Number) ?? [0, count - 1];
  for (let index = first; index <= last; index++)
    for (const what of await caseOf(index)(index))
      found.push(`RUNV_FUZZ_SEED=${seed} RUNV_FUZZ_CASE=${index}: ${what}`);
  expect(found).toEqual([]);
});

leavesNothing(runv);
