import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { repositoryRoot } from "./paths.mjs";
import { sampleLines } from "./test-samples.mjs";
import { vsockEnvironment } from "./vsock-environment.mjs";

/** The vitest projects of test/vitest.config.ts, in the order they run. */
export const suiteNames = ["unit", "conformance", "oci", "vm", "callers", "kvm"];

/** A suite that hangs is ended, so that the run as a whole says what happened. */
const sampleSuiteDeadlineMs = 40 * 60_000;
const fullSuiteDeadlineMs = 8 * 60 * 60_000;

/**
 * Runs one suite; its output is shown as it comes.
 * @returns {{name: string, passed: number, failed: number, skipped: number}}
 */
export function runSuite(name, { full }) {
  console.log([`suite ${name}`, ...sampleLines(name, { full })].join("\n"));
  const directory = mkdtempSync(path.join(tmpdir(), "runv-test-"));
  const report = path.join(directory, "report.json");
  try {
    const run = spawnSync(
      "node_modules/.bin/vitest",
      [
        ...["run", "--config", "test/vitest.config.ts", "--project", name, "--passWithNoTests"],
        ...[
          "--reporter=default",
          "--reporter=json",
          "--reporter=./test/harness/remarks-reporter.ts",
          `--outputFile.json=${report}`,
        ],
      ],
      {
        cwd: repositoryRoot,
        stdio: ["ignore", "inherit", "inherit"],
        env: { ...vsockEnvironment(), RUNV_TEST_SAMPLE: full ? "full" : "sample" },
        timeout: full ? fullSuiteDeadlineMs : sampleSuiteDeadlineMs,
      },
    );
    return { name, ...counts(name, { run, report }) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A suite that fails without a failed test (a file that does not load, an error outside any test, a hang) counts as one failure. */
function counts(name, { run, report }) {
  const { passed, failed, skipped } = readReport(report);
  if (run.status !== 0 && failed === 0) {
    const how = run.error?.message ?? (run.signal === null ? `exit status ${run.status}` : run.signal);
    console.log(`suite ${name}: failed outside its tests: ${how}`);
    return { passed, failed: 1, skipped };
  }
  if (passed + failed === 0) {
    console.log(`suite ${name}: no test ran`);
    return { passed, failed: 1, skipped };
  }
  return { passed, failed, skipped };
}

function readReport(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
  const cases = report.testResults.flatMap((result) => result.assertionResults);
  const count = (...statuses) => cases.filter((test) => statuses.includes(test.status)).length;
  const filesWithoutCases = report.testResults.filter(
    (r) => r.status === "failed" && r.assertionResults.length === 0,
  );
  return {
    passed: count("passed"),
    failed: count("failed") + filesWithoutCases.length,
    skipped: count("skipped", "pending", "todo", "disabled"),
  };
}

/** The last line of a run: plain, so that a machine can read it. */
export function totalLine(results) {
  for (const { name, passed, failed, skipped } of results) {
    console.log(`${name.padEnd(12)} ${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const [passed, failed, skipped] = [sum("passed"), sum("failed"), sum("skipped")];
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return { line, ok: failed === 0 && passed > 0 };
}
