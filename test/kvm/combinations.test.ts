import { innerDeadlineMs, showAsTests } from "../harness/outer-guest/inner-suite.ts";
import { runInnerTests } from "../harness/outer-guest/inner-tests.ts";

// As many there as here, so that both tables are whole or a sample.
showAsTests(
  await runInnerTests([{ file: "test/conformance/combinations.test.ts", names: null }], {
    env: { RUNV_ACCEL: "kvm", RUNV_TEST_SAMPLE: process.env["RUNV_TEST_SAMPLE"] ?? "sample" },
    deadlineMs: innerDeadlineMs,
  }),
);
