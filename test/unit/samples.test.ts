import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { statedSamples } from "../../scripts/lib/test-samples.mjs";

const testDirectory = path.resolve(import.meta.dirname, "..");
const suites = ["conformance", "oci", "unit", "vm", "callers"];
/** The tests of the counting itself. */
const exempt = ["unit/harness.test.ts", "unit/samples.test.ts"];
const call = /caseCount\(\{ sample: ([\d_]+), full: ([\d_]+|Number\.POSITIVE_INFINITY) \}\)/g;

const numberOf = (text: string): string =>
  text.replace("Number.POSITIVE_INFINITY", "all").replaceAll("_", "");

/** Every use of `caseCount`: "FILE SAMPLE FULL". */
function usedSamples(): string[] {
  const files = suites.flatMap((suite) =>
    readdirSync(path.join(testDirectory, suite), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => path.join(suite, name))
      .filter((file) => !exempt.includes(file)),
  );
  return files.flatMap((file) => {
    const name = file.replace(/(\.test)?\.ts$/, "");
    const text = readFileSync(path.join(testDirectory, file), "utf8");
    const uses = [...text.matchAll(call)].map(([, sample = "", full = ""]) => [sample, full].map(numberOf));
    expect(uses, `${file}: caseCount in another form`).toHaveLength(text.split("caseCount(").length - 1);
    return uses.map((counts) => [name, ...counts].join(" "));
  });
}

test("the samples that test/README.md states are those that the tests take", () => {
  const stated = statedSamples().map(({ test: name, sample, full }) =>
    [name, sample, full].map((cell) => cell.replaceAll(",", "")).join(" "),
  );
  expect(usedSamples().sort()).toEqual(stated.sort());
});
