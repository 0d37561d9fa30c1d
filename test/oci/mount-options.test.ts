import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

/** Options of the mount and of its file system at /x, as mountinfo has them (proc_pid_mountinfo(5)). */
const shown = `awk '$5 == "/x" { print $6 "," $NF }' /proc/self/mountinfo`;

const cases: readonly (readonly [options: readonly string[], present: string, absent: string])[] = [
  [["ro"], "ro", ""],
  [["ro", "rw"], "rw", "ro"],
  [["nosuid"], "nosuid", "nodev"],
  [["nodev"], "nodev", "nosuid"],
  [["noexec"], "noexec", ""],
  [["noexec", "exec"], "rw", "noexec"],
  [["nosuid", "nodev", "suid", "dev"], "rw", "nosuid"],
  [["noatime"], "noatime", "relatime"],
  [["noatime", "atime"], "relatime", "noatime"],
  [["nodiratime"], "nodiratime", ""],
  [["relatime"], "relatime", ""],
  [["strictatime"], "rw", "relatime"],
  [["sync"], "sync", ""],
  [["sync", "async"], "rw", "sync"],
  [["dirsync"], "dirsync", ""],
  [["size=1m"], "size=1024k", ""],
  [["size=1m", "nr_inodes=77"], "nr_inodes=77", ""],
  [["mode=0711"], "mode=711", ""],
  [["nosuid", "uid=5"], "uid=5", ""],
];

const takesBack = (options: readonly string[]) =>
  options.some((option) => ["rw", "exec", "suid", "atime", "async"].includes(option));

ociSuite("options of a tmpfs", ({ each }) => {
  each(
    cases,
    ([options]) => options.join(","),
    async (bed, [options, present, absent]) => {
      const { stdout, stderr } = await bed.sh(shown, (config) => {
        config.mounts.push({ destination: "/x", type: "tmpfs", source: "tmpfs", options: [...options] });
      });
      const found = stdout.trim().split(",");
      expect([stderr, found]).toEqual(["", expect.arrayContaining([present])]);
      expect(found).not.toContain(absent);
    },
    ([options]) => (takesBack(options) ? "later-option-counts" : undefined),
  );
});

ociSuite("an option that is none", ({ test }) => {
  test("goes to the file system, which refuses it", async (bed) => {
    const { status, stderr } = await bed.sh("true", (config) => {
      config.mounts.push({ destination: "/x", type: "tmpfs", source: "tmpfs", options: ["no-such-option"] });
    });
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/[`"/]x\b/);
  });
});
