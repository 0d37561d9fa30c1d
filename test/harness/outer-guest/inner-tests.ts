import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { cacheDirectory, repositoryRoot } from "../paths.ts";
import { runInOuterGuest } from "./machine.ts";
import { type InnerResult, parseResults } from "./results.ts";
import type { OuterInit } from "./systemd.ts";

/** The tests of one file to run inside: those whose full names hold one of these; null: all. */
export interface InnerFile {
  readonly file: string;
  readonly names: readonly string[] | null;
}

/** Runs tests of this project inside an outer guest, each by its own vitest there. @returns every result */
export async function runInnerTests(
  files: readonly InnerFile[],
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly deadlineMs: number;
    readonly init?: OuterInit;
  },
): Promise<InnerResult[]> {
  const directory = mkdtempSync(path.join(tmpdir(), "runv-inner-"));
  const results = path.join(directory, "results");
  try {
    await runInOuterGuest({
      argv: [
        ...["node_modules/.bin/vitest", "run", "--config", "test/vitest.config.ts"],
        ...[
          "--hideSkippedTests",
          "--reporter=verbose",
          "--reporter=./test/harness/outer-guest/results-reporter.ts",
        ],
        ...namePattern(files),
        ...files.map(({ file }) => file),
      ],
      cwd: repositoryRoot,
      env: {
        RUNV_CACHE_DIR: cacheDirectory,
        RUNV_INNER_RESULTS: results,
        // Node.js itself may be in a place that a plain PATH does not have.
        PATH: `${path.dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
        ...options.env,
      },
      writable: directory,
      deadlineMs: options.deadlineMs,
      init: options.init ?? "command",
      onOutput: (text) => process.stdout.write(text),
    });
    return parseResults(readFileSync(results, "utf8"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function namePattern(files: readonly InnerFile[]): string[] {
  const names = files.flatMap((file) => file.names ?? []);
  if (names.length === 0) return [];
  return ["--testNamePattern", names.map((name) => name.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&")).join("|")];
}
