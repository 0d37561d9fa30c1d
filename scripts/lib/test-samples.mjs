import { readFileSync } from "node:fs";
import path from "node:path";
import { repositoryRoot } from "./paths.mjs";

/**
 * The table "Samples" of test/README.md; test/unit/samples.test.ts sees to it that the tests do what it says.
 * @returns {{test: string, cases: string, sample: string, full: string}[]}
 */
export function statedSamples() {
  const text = readFileSync(path.join(repositoryRoot, "test/README.md"), "utf8");
  const [, section = ""] = text.split("\n## Samples\n");
  return section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")))
    .map(([, test, cases, sample, full]) => ({ test, cases, sample, full }));
}

/** What a suite goes through of its large sets, a line each. */
export function sampleLines(suite, { full }) {
  return statedSamples()
    .filter(({ test }) => test.startsWith(`${suite}/`))
    .map((row) => `  ${row.test}: ${full ? row.full : `${row.sample} (full: ${row.full})`} ${row.cases}`);
}
