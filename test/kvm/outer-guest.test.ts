import { innerDeadlineMs, showAsTests, showSelection } from "../harness/outer-guest/inner-suite.ts";
import { runInnerTests } from "../harness/outer-guest/inner-tests.ts";
import { selection } from "./selection.ts";

const results = await runInnerTests(selection, {
  env: { RUNV_ACCEL: "kvm", RUNV_CARRIER: "vhost-vsock" },
  deadlineMs: innerDeadlineMs,
});

showAsTests(results);
showSelection(results, selection);
