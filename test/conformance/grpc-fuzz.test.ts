import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildSanitized } from "../fixtures/grpc/build-program.ts";
import { caseCount } from "../harness/sample.ts";

const inputs = caseCount({ sample: 4_000, full: 1_000_000 });
const workers = 2;
/** The program reports every 500 inputs; one that says nothing for so long hangs. */
const silenceMs = 120_000;
const deadlineMs = 6 * 60 * 60_000;
const seed = Number(process.env["RUNV_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const recordingsDirectory = path.join(import.meta.dirname, "../fixtures/grpc/recordings");

let directory: string;
let program: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "runv-fuzz-"));
  program = path.join(directory, "grpc-fuzz");
  await buildSanitized("fuzz.ts", program);
});
afterAll(async () => rm(directory, { recursive: true }));

/** What went wrong, or the empty string. */
async function fuzz(first: number, count: number): Promise<string> {
  const recordings = (await readdir(recordingsDirectory)).map((name) => path.join(recordingsDirectory, name));
  const child = execa(program, [String(seed), String(first), String(count), ...recordings], {
    env: { ASAN_OPTIONS: "malloc_context_size=3" },
    reject: false,
  });
  let last = "nothing";
  const hang = (): void => void child.kill("SIGKILL");
  let watchdog = setTimeout(hang, silenceMs);
  child.stdout.on("data", (text: Buffer) => {
    last = text.toString().trim();
    clearTimeout(watchdog);
    watchdog = setTimeout(hang, silenceMs);
  });
  const { failed, signal, stderr } = await child;
  clearTimeout(watchdog);
  if (!failed) return "";
  return `seed ${seed}, after "${last}"${signal === undefined ? "" : `, killed by ${signal} (a hang)`}: ${stderr}`;
}

test(`${inputs} hostile connections of seed ${seed} neither crash nor hang it`, {
  timeout: deadlineMs,
}, async () => {
  const share = inputs / workers;
  const problems = await Promise.all(
    Array.from({ length: workers }, async (_, worker) => fuzz(worker * share, share)),
  );
  expect(problems.filter((problem) => problem !== "")).toEqual([]);
});
