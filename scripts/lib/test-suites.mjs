import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { repositoryRoot } from "./paths.mjs";
import { sampleLines } from "./test-samples.mjs";
import { vsockEnvironment } from "./vsock-environment.mjs";

/**
 * The vitest projects of test/vitest.config.ts, in the order they run. `vm` looks at what is on the whole host and leaves one of two processors
 * idle; the outer guests of `kvm` are hosts of their own, of one processor each.
 */
const suiteOrder = [["unit"], ["conformance"], ["oci"], ["vm", "kvm"], ["callers"]];

export const suiteNames = suiteOrder.flat();

/** A suite that hangs is ended, so that the run as a whole says what happened. */
const sampleSuiteDeadlineMs = 60 * 60_000;
const fullSuiteDeadlineMs = 8 * 60 * 60_000;

/** How long the output of a suite that has ended may take to arrive. */
const lastWordsMs = 2000;

/** Of what a failed test says, this much is said again at the end, where nothing else hides it. */
const repeatedMessageCharacters = 600;

/**
 * Runs these suites; their output is shown as it comes.
 * @returns {Promise<{name: string, passed: number, failed: number, skipped: number, failures: string[], seconds: number}[]>}
 */
export async function runSuites(names, { full }) {
  const results = [];
  for (const group of suiteOrder) {
    const chosen = group.filter((name) => names.includes(name));
    const isShared = chosen.length > 1;
    results.push(...(await Promise.all(chosen.map((name) => runSuite(name, { full, isShared })))));
  }
  return results;
}

/** @param isShared whether another one runs beside it: then each line of output bears the suite's name, and files run one after the other */
async function runSuite(name, { full, isShared }) {
  const say = (line) => console.log(isShared ? `${name.padEnd(3)} | ${line}` : line);
  for (const line of [`suite ${name}`, ...sampleLines(name, { full })]) say(line);
  const directory = mkdtempSync(path.join(tmpdir(), "runv-test-"));
  const startedAt = performance.now();
  const report = path.join(directory, "report.json");
  const suite = spawn("node_modules/.bin/vitest", vitestArguments(name, report), {
    cwd: repositoryRoot,
    stdio: isShared ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
    env: {
      ...vsockEnvironment(),
      RUNV_TEST_SAMPLE: full ? "full" : "sample",
      ...(isShared ? { RUNV_TEST_WORKERS: "1" } : {}),
    },
    timeout: full ? fullSuiteDeadlineMs : sampleSuiteDeadlineMs,
  });
  for (const stream of [suite.stdout, suite.stderr])
    if (stream !== null) createInterface(stream).on("line", say);
  try {
    const how = await endOf(suite);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    return { name, ...counts({ how, report }), seconds };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @returns null for exit status 0, else how it ended */
async function endOf(suite) {
  const closed = once(suite, "close").catch(() => undefined);
  try {
    const [status, signal] = await once(suite, "exit");
    // What a test has left behind may keep its output open.
    await Promise.race([closed, delay(lastWordsMs, undefined, { ref: false })]);
    for (const stream of [suite.stdout, suite.stderr]) stream?.destroy();
    if (suite.killed) return "not done in time";
    return status === 0 ? null : (signal ?? `exit status ${status}`);
  } catch (error) {
    return error.message;
  }
}

function vitestArguments(name, report) {
  return [
    ...["run", "--config", "test/vitest.config.ts", "--project", name, "--passWithNoTests"],
    ...["--reporter=default", "--reporter=json", "--reporter=./test/harness/remarks-reporter.ts"],
    `--outputFile.json=${report}`,
  ];
}

/** A suite that fails without a failed test (a file that does not load, an error outside any test, a hang) counts as one failure. */
function counts({ how, report }) {
  const seen = readReport(report);
  const { passed, failed } = seen;
  if (how !== null && failed === 0) {
    return { ...seen, failed: 1, failures: [`failed outside its tests: ${how}`] };
  }
  if (passed + failed === 0) return { ...seen, failed: 1, failures: ["no test ran"] };
  return seen;
}

function readReport(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 0, skipped: 0, failures: [] };
  }
  const cases = report.testResults.flatMap((result) => result.assertionResults);
  const count = (...statuses) => cases.filter((test) => statuses.includes(test.status)).length;
  // One that does not load, or whose hook fails.
  const failedFiles = report.testResults.filter(
    (r) => r.status === "failed" && !r.assertionResults.some((test) => test.status === "failed"),
  );
  return {
    passed: count("passed"),
    failed: count("failed") + failedFiles.length,
    skipped: count("skipped", "pending", "todo", "disabled"),
    failures: [
      ...cases.filter((test) => test.status === "failed").map(repeated),
      ...failedFiles.map((file) => `${path.relative(repositoryRoot, file.name)}: ${file.message}`),
    ],
  };
}

function repeated({ fullName, failureMessages: [message = "no message"] }) {
  return `${fullName}: ${message.slice(0, repeatedMessageCharacters)}`;
}

/** The last line of a run: plain, so that a machine can read it. Before it what failed, once more, and each suite's counts. */
export function totalLine(results) {
  for (const { name, failures } of results) {
    for (const failure of failures) console.log(`failed in ${name}: ${failure}`);
  }
  for (const { name, passed, failed, skipped, seconds } of results) {
    console.log(`${name.padEnd(12)} ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const [passed, failed, skipped] = [sum("passed"), sum("failed"), sum("skipped")];
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return { line, ok: failed === 0 && passed > 0 };
}
