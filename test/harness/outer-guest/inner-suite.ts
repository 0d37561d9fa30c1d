import { describe, expect, test } from "vitest";
import type { InnerFile } from "./inner-tests.ts";
import type { InnerResult } from "./results.ts";

/** Emulation under emulation on a loaded machine: it ends what hangs, later than a test inside that hangs twice. */
export const innerDeadlineMs = process.env["RUNV_TEST_SAMPLE"] === "full" ? 6 * 3_600_000 : 25 * 60_000;

/** The tests are known when they have run: each becomes a test here, under the file that it stands in. */
export function showAsTests(results: readonly InnerResult[]): void {
  describe.each([...new Set(results.map(({ file }) => file))])("in the outer guest: %s", (file) => {
    for (const result of results.filter((candidate) => candidate.file === file))
      test(result.name, (context) => {
        const [first = ""] = result.errors;
        if (result.passedWhenTriedAgain)
          console.log(`passed when tried again: ${file}: ${result.name}: ${first}`);
        if (result.state === "skipped") context.skip(result.note === "" ? undefined : result.note);
        expect(result.state, result.errors.join("\n")).toBe("passed");
      });
  });
}

/** A name that is nobody's any more chooses nothing. */
export function showSelection(results: readonly InnerResult[], selection: readonly InnerFile[]): void {
  test("every test that was chosen has run", () => {
    const names = (file: string): string[] =>
      results.filter((result) => result.file === file).map(({ name }) => name.replaceAll(" > ", " "));
    const missing = selection.flatMap(({ file, names: wanted }) =>
      (wanted ?? [""])
        .filter((name) => !names(file).some((candidate) => candidate.includes(name)))
        .map((name) => `${file}: ${name}`),
    );
    expect(missing).toEqual([]);
  });
}
