import { expect } from "vitest";
import { HookLog, scriptHook } from "./harness/hooks.ts";
import { runProgram } from "./harness/run-program.ts";
import { ociSuite } from "./harness/suite.ts";

const endless = scriptHook("exec sleep 1000", { timeout: 1 });

ociSuite("a hook that takes longer than its timeout", ({ test }) => {
  test("is killed, and has failed", async (bed) => {
    const outcome = await bed.run((config) => (config.hooks = { createRuntime: [endless] }));
    expect(outcome.status).not.toBe(0);
    expect(outcome.stderr).toMatch(/timeout|timed out/i);
  });

  test("startContainer: the process does not run", async (bed) => {
    const outcome = await bed.sh("echo process", (config) => {
      config.hooks = { startContainer: [endless] };
    });
    expect(outcome.status).not.toBe(0);
    expect(outcome.stdout).toBe("");
  });

  test(
    "takes its children along",
    async (bed) => {
      const log = new HookLog(bed);
      const script = `echo $$ > ${log.file}; sleep 1000; true`;
      await bed.run((config) => (config.hooks = { createRuntime: [scriptHook(script, { timeout: 1 })] }));
      const session = log.lines()[0] ?? "";
      const left = await runProgram(["pgrep", "--runstates", "RSD", "--session", session]);
      expect(left.stdout).toBe("");
    },
    "kills-hook-sessions",
  );

  test("is not one that ends in time and leaves a child behind", async (bed) => {
    const outcome = await bed.run((config) => {
      config.hooks = { createRuntime: [scriptHook("sleep 5 &", { timeout: 60 })] };
    });
    expect(outcome).toMatchObject({ status: 0, stderr: "" });
  });
});
