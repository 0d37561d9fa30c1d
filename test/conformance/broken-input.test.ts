import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { recordVersion } from "../../runtime/src/state/container-record.ts";
import { vmDirectory } from "../../runtime/src/state/vm-directory.ts";
import { Random } from "../fixtures/grpc/random.ts";
import { documentedRows } from "../harness/config-table.ts";
import { type Json, memberOf, withoutFields } from "../harness/json-fields.ts";
import { leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import { mutatedJson } from "../harness/mutated-json.ts";
import { repositoryRoot } from "../harness/paths.ts";
import type { Outcome } from "../harness/runv.ts";
import { caseCount } from "../harness/sample.ts";
import { sampleRecord } from "../unit/runtime/state/record.ts";

/** RUNV_FUZZ_SEED repeats a run. The bulk of mutations is in unit/runtime/broken-input; here the program itself is seen to end well. */
const seed = Number(process.env["RUNV_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const randomFor = (index: number): Random => new Random(seed * 1_000_003 + index);
/** Ends a create before there is anything to boot. */
const noKernel = "/nonexistent/vmlinux";

const fixtures = path.join(repositoryRoot, "test/fixtures");
const readFixture = (name: string): Json =>
  JSON.parse(readFileSync(path.join(fixtures, name), "utf8")) as Json;
const refused = documentedRows("fields").flatMap(({ name, status }) => (status === "refused" ? [name] : []));
const configs = [
  readFixture("every-field.json"),
  ...readdirSync(path.join(fixtures, "specs")).map((name) => readFixture(`specs/${name}`)),
  // A terminal would need a socket.
].map((config) => withoutFields(config, [...refused, "process.terminal"]));

const runv = useRunv();

/** What is not right about a failure, in the eyes of who reads stderr: nothing. */
function unclear({ status, stdout, stderr }: Outcome, failure = 1): string | null {
  const isOneLine = /^runv: [^\n]+\n$/.test(stderr);
  const isFault = /internal error|\bat .*:\d+:\d+/.test(stderr);
  return status === failure && stdout === "" && isOneLine && !isFault
    ? null
    : `${status}: ${stdout}${stderr}`;
}

test(`create with mutated config.json, seed ${seed}`, async () => {
  const bundle = runv().mkdir("bundle");
  mkdirSync(path.join(bundle, "rootfs"), { recursive: true });
  const problems: string[] = [];
  let accepted = 0;
  const count = caseCount({ sample: 60, full: 600 });
  for (let index = 0; index < count; index++) {
    const text = mutatedJson(configs[index % configs.length] ?? null, randomFor(index));
    writeFileSync(path.join(bundle, "config.json"), text);
    const id = runv().newId();
    const outcome = await runv().run(["create", "--bundle", bundle, id], { env: { RUNV_KERNEL: noKernel } });
    if (outcome.stderr.includes(noKernel)) accepted += 1;
    const left = [...leftoversOf(runv(), id), ...entries(runv().root)];
    const problem = unclear({ ...outcome, stderr: withoutWarnings(outcome.stderr) });
    if (problem !== null || left.length > 0)
      problems.push(`case ${index}: ${problem} ${left.join(", ")}: ${text.slice(0, 1000)}`);
  }
  expect(problems).toEqual([]);
  expect(accepted).toBeGreaterThan(count / 20);
});

test(`exec with mutated process.json, seed ${seed}`, async () => {
  const file = path.join(runv().directory, "process.json");
  const document = memberOf(readFixture("specs/runc-1.1.5.json"), "process");
  const problems: string[] = [];
  const count = caseCount({ sample: 30, full: 200 });
  for (let index = 0; index < count; index++) {
    const text = mutatedJson(document, randomFor(index));
    writeFileSync(file, text);
    const outcome = await runv().run(["exec", "--process", file, "no-such-container"]);
    const problem = unclear({ ...outcome, stderr: withoutWarnings(outcome.stderr) }, 255);
    if (problem !== null) problems.push(`case ${index}: ${problem}: ${text.slice(0, 1000)}`);
  }
  expect(problems).toEqual([]);
});

test(`verbs on mutated state files, seed ${seed}: told, listed, and removed with --force`, async () => {
  const problems: string[] = [];
  const count = caseCount({ sample: 30, full: 200 });
  for (let index = 0; index < count; index++) {
    const id = runv().newId();
    // No process has such a pid, so that nothing is at stake.
    const record = {
      version: recordVersion,
      ...sampleRecord(id, { vmDirectory: vmDirectory(runv().root, id), vm: null, cgroups: [] }),
    };
    const text = mutatedJson(JSON.parse(JSON.stringify(record)) as Json, randomFor(index));
    mkdirSync(path.join(runv().root, id), { recursive: true });
    writeFileSync(path.join(runv().root, id, "state.json"), text);
    const problem = await problemOfState(id);
    if (problem !== null) problems.push(`case ${index}: ${problem}: ${text.slice(0, 1000)}`);
  }
  expect(problems).toEqual([]);
});

async function problemOfState(id: string): Promise<string | null> {
  const state = await runv().run(["state", id]);
  if (state.status === 0 ? !isStopped(state) : unclear(state) !== null)
    return `state: ${state.status} ${state.stderr}`;
  const list = await runv().run(["list", "--format", "json"]);
  if (list.status !== 0 || list.stderr.split("\n").length > 2) return `list: ${list.status} ${list.stderr}`;
  const kill = await runv().run(["kill", id]);
  if (unclear(kill) !== null) return `kill: ${kill.status} ${kill.stderr}`;
  const removed = await runv().run(["delete", "--force", id]);
  if (removed.status === 1 && isOfAnotherVersion(removed)) {
    rmSync(path.join(runv().root, id), { recursive: true });
    return unclear(removed);
  }
  if (removed.status !== 0) return `delete --force: ${removed.status} ${removed.stderr}`;
  const left = leftoversOf(runv(), id);
  return left.length > 0 ? left.join(", ") : null;
}

/** What a newer runv has made only that one can remove. */
function isOfAnotherVersion({ stderr }: Outcome): boolean {
  return /written by (a newer|an older) runv/.test(stderr);
}

function isStopped({ stdout }: Outcome): boolean {
  return stdout.includes('"status": "stopped"');
}

/** Warnings of what was taken in another way come before or after the error. */
function withoutWarnings(stderr: string): string {
  return stderr.replace(/^runv: warning: [^\n]*\n/gm, "");
}

function entries(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

leavesNothing(runv);
