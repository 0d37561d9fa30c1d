import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { CreateContainerRequest, CreateProcessRequest } from "@runv/protocol";
import { isRunvError, type RunvError } from "@runv/protocol/errors";
import { expect, test } from "vitest";
import { createContainerRequest, processRequest } from "../../../runtime/src/container/agent-requests.ts";
import { containerStatus } from "../../../runtime/src/container/state.ts";
import { attachVm } from "../../../runtime/src/hypervisor/registry.ts";
import { parseProcessFile } from "../../../runtime/src/oci/parse-process.ts";
import { parseSpec } from "../../../runtime/src/oci/parse-spec.ts";
import { parseJson } from "../../../runtime/src/shared/json-file.ts";
import { recordVersion } from "../../../runtime/src/state/container-record.ts";
import { parseRecord } from "../../../runtime/src/state/parse-record.ts";
import { Random } from "../../fixtures/grpc/random.ts";
import { documentedRows } from "../../harness/config-table.ts";
import { type Json, memberOf, withoutFields } from "../../harness/json-fields.ts";
import { mutatedJson } from "../../harness/mutated-json.ts";
import { caseCount } from "../../harness/sample.ts";
import { sampleRecord } from "./state/record.ts";

/** RUNV_FUZZ_SEED repeats a run; case `n` of a seed is always the same document. */
const seed = Number(process.env["RUNV_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const deadlineMs = 60 * 60_000;
/** What an error may quote of a document. */
const maxMessageBytes = 2048;

const fixtures = path.resolve(import.meta.dirname, "../../fixtures");
const readFixture = (name: string): Json =>
  JSON.parse(readFileSync(path.join(fixtures, name), "utf8")) as Json;
const refused = documentedRows("fields").flatMap(({ name, status }) => (status === "refused" ? [name] : []));
const everyField = readFixture("every-field.json");
const configs = [
  everyField,
  // Without what is refused a mutated one gets further.
  withoutFields(everyField, refused),
  ...readdirSync(path.join(fixtures, "specs")).map((name) => readFixture(`specs/${name}`)),
] as const;

const identity = { name: "x", pid: 4_000_000, startTicks: 7 };
const record = {
  version: recordVersion,
  ...sampleRecord("c1", {
    vm: {
      driver: "qemu",
      directory: "/run/runv/vm/0123456789abcdef",
      monitor: identity,
      vmm: identity,
      helpers: [identity],
      accel: "tcg",
      carrier: "virtio-serial",
    },
  }),
};

function randomFor(index: number): Random {
  return new Random(seed * 1_000_003 + index);
}

/** What is wrong with how a document was taken: nothing, if it was accepted whole or refused in a clear sentence. */
function problemOf(name: string, accept: () => void, codes: readonly string[]): string | null {
  try {
    accept();
    return null;
  } catch (error) {
    if (!isRunvError(error)) return `crash: ${error instanceof Error ? (error.stack ?? "") : String(error)}`;
    return unclear(error, name, codes);
  }
}

/** An error is clear in one line that begins with what is wrong, and is no fault of runv's. */
function unclear(error: RunvError, name: string, codes: readonly string[]): string | null {
  const { code, message } = error;
  if (!codes.includes(code)) return `code ${code}: ${message}`;
  if (!message.startsWith(name)) return `does not name ${name}: ${message}`;
  if (/\p{Cc}/u.test(message)) return `more than one line: ${JSON.stringify(message)}`;
  return message.length > maxMessageBytes ? `${message.length} characters: ${message.slice(0, 200)}` : null;
}

interface Kind {
  readonly name: string;
  readonly codes: readonly string[];
  readonly accept: (text: string) => void;
}

/** All problems of `count` mutations, each with what repeats it; some of them must be accepted, or the mutations are too wild. */
function problems(
  count: number,
  documents: readonly Json[],
  { name, codes, accept }: Kind,
): readonly string[] {
  let accepted = 0;
  const found: string[] = [];
  for (let index = 0; index < count; index++) {
    const text = mutatedJson(documents[index % documents.length] ?? null, randomFor(index));
    const problem = problemOf(
      name,
      () => {
        accept(text);
        accepted += 1;
      },
      codes,
    );
    if (problem !== null) found.push(`case ${index}: ${problem}: ${text.slice(0, 2000)}`);
  }
  expect(accepted).toBeGreaterThan(count / 100);
  expect(accepted).toBeLessThan(count);
  return found.slice(0, 5);
}

const malformed = ["invalid-argument", "unsupported"];
/** A warning is held to the same as an error. */
const hearWarning = (sentence: string): void => {
  if (/\p{Cc}/u.test(sentence) || sentence.length > maxMessageBytes)
    throw new Error(`unclear warning: ${JSON.stringify(sentence).slice(0, 300)}`);
};

test(`mutated config.json, seed ${seed}: accepted whole, or refused in a line`, {
  timeout: deadlineMs,
}, () => {
  const accept = (text: string): void => {
    const spec = parseSpec(parseJson(text, "config.json"), hearWarning);
    const storage = { rootfs: { driver: "stream", readonly: true, tree: "", block: undefined }, mounts: [] };
    CreateContainerRequest.encode(createContainerRequest(sampleRecord("c1"), spec, storage, [])).finish();
  };
  const count = caseCount({ sample: 6_000, full: 60_000 });
  expect(problems(count, configs, { name: "config.json: ", codes: malformed, accept })).toEqual([]);
});

test(`mutated process.json, seed ${seed}: accepted whole, or refused in a line`, {
  timeout: deadlineMs,
}, () => {
  const processes = configs.map((config) => memberOf(config, "process"));
  const accept = (text: string): void => {
    const process = processRequest(parseProcessFile(parseJson(text, "process.json"), hearWarning), []);
    CreateProcessRequest.encode({
      containerId: "c1",
      processId: "e1",
      initialProcessors: [],
      finalProcessors: [],
      subCgroups: [],
      process,
    }).finish();
  };
  const count = caseCount({ sample: 2_000, full: 20_000 });
  expect(problems(count, processes, { name: "process.json: ", codes: malformed, accept })).toEqual([]);
});

test(`mutated state, seed ${seed}: read whole, or refused in a line`, { timeout: deadlineMs }, () => {
  const accept = (text: string): void => {
    containerStatus(parseRecord(parseJson(text, "state of c1"), "c1"));
  };
  const count = caseCount({ sample: 2_000, full: 20_000 });
  const state = JSON.parse(JSON.stringify(record)) as Json;
  const codes = ["invalid-argument", "version-mismatch"];
  expect(problems(count, [state], { name: "state of c1: ", codes, accept })).toEqual([]);
});

test(`mutated virtual machines in a state, seed ${seed}: found, or refused in a line`, {
  timeout: deadlineMs,
}, () => {
  const vm = JSON.parse(JSON.stringify(record.vm)) as Json;
  const found = Array.from({ length: 1000 }, (_, index) => {
    const text = mutatedJson(vm, randomFor(index));
    return problemOf("", () => attachVm(parsedOrNull(text)), ["internal"]);
  });
  expect(found.filter((problem) => problem !== null)).toEqual([]);
});

/** null for what is no JSON. */
function parsedOrNull(text: string): unknown {
  try {
    return parseJson(text, "state");
  } catch {
    return null;
  }
}
