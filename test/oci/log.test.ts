import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

ociSuite("--log", ({ test, runtime: { words } }) => {
  test("json: the last error line is the sentence that stderr has", async (bed) => {
    const log = bed.path("log.json");
    const outcome = await bed.verb(["--log", log, "--log-format", "json", "state", "oci-no-such-container"]);
    const last = readFileSync(log, "utf8").trimEnd().split("\n").at(-1) ?? "";
    const line = JSON.parse(last) as Record<string, string>;
    expect(line).toMatchObject({
      level: "error",
      msg: expect.stringMatching(words.unknownContainer) as string,
    });
    expect(Number.isNaN(Date.parse(line["time"] ?? ""))).toBe(false);
    expect(line["time"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
    expect([outcome.status, outcome.stdout, outcome.stderr]).toEqual([1, "", `${line["msg"]}\n`]);
  });

  test("a failed create is logged too", async (bed) => {
    const log = bed.path("log.json");
    const bundle = bed.bundle((config) => (config.process.args = ["no-such-program"]));
    await bed.verb(["--log", log, "--log-format", "json", "create", "--bundle", bundle, bed.newId()]);
    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    const errors = lines
      .map((text) => JSON.parse(text) as Record<string, string>)
      .filter(({ level }) => level === "error");
    expect(errors.at(-1)?.["msg"]).toMatch(words.notInPath);
  });
});
