import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const programs = [
  { args: ["no-such-program"], why: "notInPath" },
  { args: ["/no/such/program"], why: "noSuchFile" },
  { args: ["/not-executable"], why: "notExecutable" },
  { args: ["/etc"], why: "directory" },
] as const;

const addFile = (bundle: string) => {
  writeFileSync(path.join(bundle, "rootfs/not-executable"), "#!/bin/sh\n");
  chmodSync(path.join(bundle, "rootfs/not-executable"), 0o644);
};

ociSuite("create fails when the program cannot be run", ({ each, runtime: { words } }) => {
  each(
    programs,
    ({ args }) => args.join(" "),
    async (bed, { args, why }) => {
      const id = bed.newId();
      const bundle = bed.bundle((config) => (config.process.args = [...args]));
      addFile(bundle);
      const outcome = await bed.verb(["create", "--bundle", bundle, id]);
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toMatch(words[why]);
      expect((await bed.verb(["state", id])).stderr).toMatch(words.unknownContainer);
    },
  );
});

ociSuite("exec exits with 255 when the program cannot be run", ({ each, runtime: { words } }) => {
  each(
    programs.slice(0, 2),
    ({ args }) => args.join(" "),
    async (bed, { args, why }) => {
      const id = await bed.start();
      const outcome = await bed.verb(["exec", id, ...args]);
      expect(outcome.status).toBe(255);
      expect(outcome.stderr).toMatch(words[why]);
      expect(await bed.statusOf(id)).toBe("running");
    },
  );
});

ociSuite("the PATH of the process counts", ({ test, runtime: { words } }) => {
  test("not the runtime's own", async (bed) => {
    const outcome = await bed.run((config) => {
      config.process.args = ["own-program"];
      config.process.env = ["PATH=/own"];
      config.mounts.push({ destination: "/own", type: "tmpfs", source: "tmpfs" });
    });
    expect(outcome.stderr).toMatch(words.notInPath);
  });
});
