import path from "node:path";
import { debianPackage } from "../../scripts/lib/debian-package.mjs";
import { innerDeadlineMs, showAsTests } from "../harness/outer-guest/inner-suite.ts";
import { runInnerTests } from "../harness/outer-guest/inner-tests.ts";

const program = "vhost-device-vsock";

// As many there as here, so that both tables are whole or a sample.
showAsTests(
  await runInnerTests([{ file: "test/conformance/combinations.test.ts", names: null }], {
    env: {
      RUNV_ACCEL: "kvm",
      RUNV_TEST_SAMPLE: process.env["RUNV_TEST_SAMPLE"] ?? "sample",
      RUNV_VHOST_DEVICE_VSOCK:
        process.env["RUNV_VHOST_DEVICE_VSOCK"] ??
        path.join(debianPackage("binary", program), "root/usr/bin", program),
    },
    deadlineMs: innerDeadlineMs,
  }),
);
