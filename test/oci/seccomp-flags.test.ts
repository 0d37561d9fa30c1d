import { constants } from "node:os";
import { expect } from "vitest";
import { idle, resultsOfCalls } from "./harness/seccomp.ts";
import { ociSuite } from "./harness/suite.ts";

const { EPERM } = constants.errno;
const profile = {
  defaultAction: "SCMP_ACT_ALLOW",
  syscalls: [{ names: ["getppid"], action: "SCMP_ACT_ERRNO" }],
};
const [log, speculate, sync] = ["LOG", "SPEC_ALLOW", "TSYNC"].map((name) => `SECCOMP_FILTER_FLAG_${name}`);

ociSuite("linux.seccomp.flags", ({ each }) => {
  each(
    [[], [log], [speculate], [sync], [log, speculate, sync]].map((flags) =>
      flags.filter((flag) => flag !== undefined),
    ),
    (flags) => (flags.length === 0 ? "none" : flags.join(", ")),
    async (bed, flags) => {
      const calls = [idle.getppid, idle.getpid].map(String);
      expect(await resultsOfCalls(bed, { ...profile, flags }, calls)).toEqual([`${EPERM}`, "ok"]);
    },
    (flags) => (flags.length === 0 ? undefined : "seccomp-flags"),
  );
});
