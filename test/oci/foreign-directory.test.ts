import { existsSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

/** The directory that a caller happens to stand in may belong to anybody. */
ociSuite("the working directory", ({ test }) => {
  test("settings and programs in it are not taken for the runtime's own", async (bed) => {
    const trace = bed.path("trace");
    const leaveTrace = `require("fs").writeFileSync(${JSON.stringify(trace)}, "")`;
    writeFileSync(bed.path("preload.js"), leaveTrace);
    writeFileSync(bed.path("bunfig.toml"), 'preload = ["./preload.js"]\n');
    writeFileSync(bed.path(".env"), `RUNV_ACCEL=of-a-stranger\n`);
    const { status, stderr } = await bed.run((config) => (config.process.args = ["true"]), {
      cwd: bed.directory,
    });
    expect([status, stderr, existsSync(trace)]).toEqual([0, "", false]);
  });
});
