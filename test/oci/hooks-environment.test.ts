import { chmodSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { HookLog } from "./harness/hooks.ts";
import { ociSuite } from "./harness/suite.ts";

ociSuite("hooks get their arguments and environment as written", ({ test, each }) => {
  test("args[0] is the program's name, and path is what is executed", async (bed) => {
    const log = new HookLog(bed);
    await bed.run((config) => {
      const script = `tr '\\0' '\\n' < /proc/$$/cmdline >> ${log.file}`;
      config.hooks = {
        createRuntime: [{ path: "/bin/sh", args: ["another name", "-c", script, "a b", ""] }],
      };
    });
    const lines = log.lines();
    expect([lines[0], lines[1], lines[3]]).toEqual(["another name", "-c", "a b"]);
  });

  test("without args the path is the only argument", async (bed) => {
    const log = new HookLog(bed);
    const file = bed.path("hook");
    writeFileSync(file, `#!/bin/sh\necho "$0 $#" >> ${log.file}\n`);
    chmodSync(file, 0o755);
    const outcome = await bed.run((config) => (config.hooks = { createRuntime: [{ path: file }] }));
    expect(outcome).toMatchObject({ status: 0, stderr: "" });
    expect(log.lines()).toEqual([`${file} 0`]);
  });

  each(
    ["prestart", "createContainer", "poststop"] as const,
    (kind) => `${kind}: env is the whole environment`,
    async (bed, kind) => {
      const log = new HookLog(bed);
      await bed.run((config) => {
        const script = `tr '\\0' '\\n' < /proc/self/environ >> ${log.file}`;
        const args = ["sh", "-c", script];
        config.hooks = { [kind]: [{ path: "/bin/sh", args, env: ["ODD=x=y z", "A=1"] }] };
      });
      expect(log.lines()).toEqual(["ODD=x=y z", "A=1"]);
    },
  );

  test("what a hook says that does not fail goes nowhere", async (bed) => {
    const outcome = await bed.run((config) => {
      const args = ["sh", "-c", "echo out; echo err >&2"];
      config.hooks = {
        createRuntime: [{ path: "/bin/sh", args }],
        startContainer: [{ path: "/bin/sh", args }],
        poststop: [{ path: "/bin/sh", args }],
      };
    });
    expect(outcome).toEqual({ status: 0, stdout: "", stderr: "" });
  });
});
