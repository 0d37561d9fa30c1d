import { innerDeadlineMs, showAsTests, showSelection } from "../harness/outer-guest/inner-suite.ts";
import { runInnerTests } from "../harness/outer-guest/inner-tests.ts";
import { systemdEnvironment, systemdSelection } from "./selection.ts";

// systemd as process 1, on cgroups of version 2 alone.
const results = await runInnerTests(systemdSelection, {
  env: systemdEnvironment,
  deadlineMs: innerDeadlineMs,
  init: "systemd",
});

showAsTests(results);
showSelection(results, systemdSelection);
