import { expect, test } from "vitest";
import { innerDeadlineMs, showAsTests } from "../harness/outer-guest/inner-suite.ts";
import { runInnerTests } from "../harness/outer-guest/inner-tests.ts";
import { selection } from "./selection.ts";

const results = await runInnerTests(selection, {
  env: { RUNV_ACCEL: "kvm", RUNV_CARRIER: "vhost-vsock" },
  deadlineMs: innerDeadlineMs,
});

showAsTests(results);

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
