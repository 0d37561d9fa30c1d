import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

ociSuite("a mount with remount", ({ test }) => {
  test("changes what is mounted there", async (bed) => {
    const script = "touch /a/x 2>&1; grep ' /a ' /proc/mounts | wc -l";
    const { stdout, stderr } = await bed.sh(script, (config) => {
      config.mounts.push(
        { destination: "/a", type: "tmpfs", source: "tmpfs" },
        { destination: "/a", type: "tmpfs", source: "tmpfs", options: ["remount", "ro"] },
      );
    });
    expect([stderr, stdout]).toEqual(["", "touch: /a/x: Read-only file system\n1\n"]);
  });

  test("a bind mount's flags, without a source", async (bed) => {
    const script = "touch /a/x 2>&1; grep ' /a ' /proc/mounts | wc -l";
    const { stdout, stderr } = await bed.sh(script, (config) => {
      config.mounts.push(
        { destination: "/a", type: "tmpfs", source: "tmpfs" },
        { destination: "/a", type: "bind", source: "/tmp", options: ["bind", "remount", "ro"] },
      );
    });
    expect([stderr, stdout]).toEqual(["", "touch: /a/x: Read-only file system\n1\n"]);
  });
});

ociSuite("a mount with nosymfollow", ({ test }) => {
  test(
    "follows no links",
    async (bed) => {
      const bundle = bed.bundle((config) => {
        config.process.args = ["sh", "-c", "cat /data/file; cat /data/link 2>&1"];
        config.mounts.push({
          destination: "/data",
          type: "tmpfs",
          source: "tmpfs",
          options: ["tmpcopyup", "nosymfollow"],
        });
      });
      const data = path.join(bundle, "rootfs/data");
      mkdirSync(data);
      writeFileSync(path.join(data, "file"), "text\n");
      symlinkSync("file", path.join(data, "link"));
      const { stdout, stderr } = await bed.verb(["run", "--bundle", bundle, bed.newId()]);
      expect(stderr).toBe("");
      expect(stdout).toMatch(/^text\ncat: .*(Too many levels of symbolic links|Symbolic link loop)\n$/);
    },
    "nosymfollow",
  );
});
