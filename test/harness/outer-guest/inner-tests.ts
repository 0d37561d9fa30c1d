import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { cacheDirectory, repositoryRoot } from "../paths.ts";
import { OuterGuestStandsStill } from "./heartbeat.ts";
import { runInOuterGuest } from "./machine.ts";
import { type InnerResult, parseEndedResults, parseResults } from "./results.ts";
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
 * the results tell; what had failed in the first one is among them. @returns every result
 */
export async function runInnerTests(files: readonly InnerFile[], run: InnerRun): Promise<InnerResult[]> {
  const first: InnerResult[] = [];
  try {
    return await runOnce(files, run, first);
  } catch (error) {
    if (!(error instanceof OuterGuestStandsStill)) throw error;
    const remarkable = first.filter((result) => result.state === "failed" || result.passedWhenTriedAgain);
    return [outerGuestResult(error.message), ...remarkable, ...(await runOnce(files, run, []))];
  }
}

function outerGuestResult(firstError: string): InnerResult {
  const result = { file: "the machine", name: "comes to its end", state: "passed", note: "" } as const;
  return { ...result, errors: [firstError], passedWhenTriedAgain: true };
}

/** @param ended takes what there is of results when the machine does not come to its end */
async function runOnce(
  files: readonly InnerFile[],
  run: InnerRun,
  ended: InnerResult[],
): Promise<InnerResult[]> {
  const directory = mkdtempSync(path.join(tmpdir(), "runv-inner-"));
  const results = path.join(directory, "results");
  writeFileSync(results, "");
  try {
    await runInOuterGuest({
      argv: vitestArguments(files),
      cwd: repositoryRoot,
      env: { RUNV_INNER_RESULTS: results, ...innerEnvironment, ...run.env },
      writable: directory,
      deadlineMs: run.deadlineMs,
      init: run.init ?? "command",
      onOutput: (text) => process.stdout.write(text),
    });
    return parseResults(readFileSync(results, "utf8"));
  } catch (error) {
    ended.push(...parseEndedResults(readFileSync(results, "utf8")));
    const last = ended.at(-1);
    const which = last === undefined ? "" : `, the last: ${last.file}: ${last.name}`;
    if (error instanceof Error) error.message += `; of its tests, ${ended.length} came to an end${which}`;
    throw error;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function vitestArguments(files: readonly InnerFile[]): readonly string[] {
  return [
    ...["node_modules/.bin/vitest", "run", "--config", "test/vitest.config.ts"],
    ...["--hideSkippedTests", "--reporter=verbose"],
    "--reporter=./test/harness/outer-guest/results-reporter.ts",
    ...namePattern(files),
    ...files.map(({ file }) => file),
  ];
}

const innerEnvironment = {
  RUNV_CACHE_DIR: cacheDirectory,
  // Node.js itself may be in a place that a plain PATH does not have.
  PATH: `${path.dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
};

function namePattern(files: readonly InnerFile[]): string[] {
  const names = files.flatMap((file) => file.names ?? []);
  if (names.length === 0) return [];
  return ["--testNamePattern", names.map((name) => name.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&")).join("|")];
}
