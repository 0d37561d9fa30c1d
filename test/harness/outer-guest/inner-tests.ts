import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { cacheDirectory, repositoryRoot } from "../paths.ts";
import { OuterGuestStandsStill } from "./heartbeat.ts";
import { runInOuterGuest } from "./machine.ts";
import { type InnerResult, parseResults } from "./results.ts";
import type { OuterInit } from "./systemd.ts";

/** The tests of one file to run inside: those whose full names hold one of these; null: all. */
export interface InnerFile {
  readonly file: string;
  readonly names: readonly string[] | null;
}

interface InnerRun {
  readonly env: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  readonly init?: OuterInit;
}

/**
 * Runs tests of this project inside an outer guest, each by its own vitest there. A machine that stands still gets a successor, once, which
 * the results tell. @returns every result
 */
export async function runInnerTests(files: readonly InnerFile[], run: InnerRun): Promise<InnerResult[]> {
  try {
    return await runOnce(files, run);
  } catch (error) {
    if (!(error instanceof OuterGuestStandsStill)) throw error;
    return [outerGuestResult(error.message), ...(await runOnce(files, run))];
  }
}

function outerGuestResult(firstError: string): InnerResult {
  const result = { file: "the machine", name: "comes to its end", state: "passed", note: "" } as const;
  return { ...result, errors: [firstError], passedWhenTriedAgain: true };
}

async function runOnce(files: readonly InnerFile[], run: InnerRun): Promise<InnerResult[]> {
  const directory = mkdtempSync(path.join(tmpdir(), "runv-inner-"));
  const results = path.join(directory, "results");
  try {
    await runInOuterGuest({
      argv: [
        ...["node_modules/.bin/vitest", "run", "--config", "test/vitest.config.ts"],
        ...["--hideSkippedTests", "--reporter=verbose"],
        "--reporter=./test/harness/outer-guest/results-reporter.ts",
        ...namePattern(files),
        ...files.map(({ file }) => file),
      ],
      cwd: repositoryRoot,
      env: { RUNV_INNER_RESULTS: results, ...innerEnvironment, ...run.env },
      writable: directory,
      deadlineMs: run.deadlineMs,
      init: run.init ?? "command",
      onOutput: (text) => process.stdout.write(text),
    });
    return parseResults(readFileSync(results, "utf8"));
  } catch (error) {
    if (error instanceof Error) error.message += `; of its tests, ${endedTests(results)}`;
    throw error;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const innerEnvironment = {
  RUNV_CACHE_DIR: cacheDirectory,
  // Node.js itself may be in a place that a plain PATH does not have.
  PATH: `${path.dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
};

/** Where a run stands that did not come to its end. */
function endedTests(results: string): string {
  if (!existsSync(results)) return "none came to an end";
  const lines = readFileSync(results, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return `${lines.length} came to an end, the last with ${lines.at(-1) ?? "nothing"}`;
}

function namePattern(files: readonly InnerFile[]): string[] {
  const names = files.flatMap((file) => file.names ?? []);
  if (names.length === 0) return [];
  return ["--testNamePattern", names.map((name) => name.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&")).join("|")];
}
