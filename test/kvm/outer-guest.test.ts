import { describe, expect, test } from "vitest";
import { runInnerTests } from "../harness/outer-guest/inner-tests.ts";
import { selection } from "./selection.ts";

/** Emulation under emulation on a loaded machine: it ends what hangs. */
const deadlineMs = process.env["RUNV_TEST_SAMPLE"] === "full" ? 6 * 3_600_000 : 20 * 60_000;

// The tests are known when they have run: each becomes a test here, under the file that it stands in.
const results = await runInnerTests(selection, {
  env: { RUNV_ACCEL: "kvm", RUNV_CARRIER: "vhost-vsock" },
  deadlineMs,
});

describe.each([...new Set(results.map(({ file }) => file))])("in the outer guest: %s", (file) => {
  for (const result of results.filter((candidate) => candidate.file === file))
    test(result.name, (context) => {
      if (result.passedWhenTriedAgain) console.log(`passed when tried again: ${file}: ${result.name}`);
      if (result.state === "skipped") context.skip(result.note === "" ? undefined : result.note);
      expect(result.state, result.errors.join("\n")).toBe("passed");
    });
});

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
