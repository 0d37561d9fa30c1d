import { writeFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import { defaultConfig } from "./harness/config.ts";
import { ociSuite } from "./harness/suite.ts";

const { ENOSPC } = constants.errno;
const mkdir = ["mkdir", "/tmp/never"];
const noSpace = /mkdir: .*: No space left on device/;

const profile = {
  defaultAction: "SCMP_ACT_ALLOW",
  syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSPC }],
};

async function startFiltered(bed: Bed, noNewPrivileges: boolean): Promise<string> {
  return bed.start((config) => {
    config.linux.seccomp = profile;
    config.process.noNewPrivileges = noNewPrivileges;
  });
}

ociSuite("linux.seccomp holds for exec", ({ test, each }) => {
  each(
    [
      { what: "a command", noNewPrivileges: true, flags: [] },
      { what: "a command that may gain privileges", noNewPrivileges: false, flags: [] },
      { what: "another user's command", noNewPrivileges: false, flags: ["--user", "1000:1000"] },
      { what: "a command with more capabilities", noNewPrivileges: false, flags: ["--cap", "CAP_SYS_ADMIN"] },
    ],
    ({ what }) => what,
    async (bed, { noNewPrivileges, flags }) => {
      const id = await startFiltered(bed, noNewPrivileges);
      const { status, stderr } = await bed.verb(["exec", ...flags, id, ...mkdir]);
      expect([status, stderr]).toEqual([1, expect.stringMatching(noSpace)]);
    },
  );

  test("a process.json", async (bed) => {
    const id = await startFiltered(bed, false);
    const file = path.join(bed.directory, "process.json");
    writeFileSync(file, JSON.stringify({ ...defaultConfig().process, args: mkdir, noNewPrivileges: false }));
    const { status, stderr } = await bed.verb(["exec", "--process", file, id]);
    expect([status, stderr]).toEqual([1, expect.stringMatching(noSpace)]);
  });

  test("and without a profile nothing is refused", async (bed) => {
    const id = await bed.start();
    expect((await bed.verb(["exec", id, ...mkdir])).status).toBe(0);
  });
});
