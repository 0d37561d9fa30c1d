import { innerDeadlineMs, showAsTests, showSelection } from "../harness/outer-guest/inner-suite.ts";
import { runInnerTests } from "../harness/outer-guest/inner-tests.ts";
import { legacySelection, systemdEnvironment } from "./selection.ts";

// systemd as process 1, on hierarchies of version 1, as a host can still be booted.
const results = await runInnerTests(legacySelection, {
  env: systemdEnvironment,
  deadlineMs: innerDeadlineMs,
  init: "systemd-legacy",
});

showAsTests(results);
showSelection(results, legacySelection);
