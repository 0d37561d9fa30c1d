import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

/** What /proc/self/limits calls them, and values that leave room to run. */
const rlimits = [
  ["RLIMIT_AS", "Max address space", 2 ** 30, 2 ** 31],
  ["RLIMIT_CORE", "Max core file size", 0, 100],
  ["RLIMIT_CPU", "Max cpu time", 100, 200],
  ["RLIMIT_DATA", "Max data size", 1 << 28, 1 << 29],
  ["RLIMIT_FSIZE", "Max file size", 1 << 20, 1 << 21],
  ["RLIMIT_LOCKS", "Max file locks", 10, 20],
  ["RLIMIT_MSGQUEUE", "Max msgqueue size", 1000, 2000],
  ["RLIMIT_NOFILE", "Max open files", 100, 200],
  ["RLIMIT_NPROC", "Max processes", 300, 400],
  ["RLIMIT_RSS", "Max resident set", 1 << 28, 1 << 29],
  ["RLIMIT_RTTIME", "Max realtime timeout", 1000, 2000],
  ["RLIMIT_SIGPENDING", "Max pending signals", 50, 60],
  ["RLIMIT_STACK", "Max stack size", 1 << 20, 1 << 22],
] as const;
/** Their hard limits are mostly 0 or small on the host, where only CAP_SYS_RESOURCE raises them. */
const raised = [
  ["RLIMIT_MEMLOCK", "Max locked memory", 2 ** 16, 2 ** 40],
  ["RLIMIT_NICE", "Max nice priority", 5, 40],
  ["RLIMIT_RTPRIO", "Max realtime priority", 3, 99],
] as const;

ociSuite("process.rlimits of every type", ({ each }) => {
  each(
    [
      ...rlimits.map((each) => [each, undefined] as const),
      ...raised.map((each) => [each, "raised-rlimits"] as const),
    ],
    ([[type]]) => type,
    async (bed, [[type, name, soft, hard]]) => {
      const { stdout, stderr } = await bed.run((config) => {
        config.process.args = ["grep", name, "/proc/self/limits"];
        config.process.rlimits = [{ type, soft, hard }];
      });
      expect(stderr).toBe("");
      expect(stdout.slice(name.length).trim().split(/ +/).slice(0, 2)).toEqual([`${soft}`, `${hard}`]);
    },
    ([, need]) => need,
  );

  each(
    [
      ["a soft limit above the hard one", [{ type: "RLIMIT_NOFILE", soft: 20, hard: 10 }]],
      [
        "a type twice",
        [
          { type: "RLIMIT_CORE", soft: 0, hard: 0 },
          { type: "RLIMIT_CORE", soft: 0, hard: 0 },
        ],
      ],
      ["a type that does not exist", [{ type: "RLIMIT_FUN", soft: 0, hard: 0 }]],
    ] as const,
    ([what]) => `${what} is refused`,
    async (bed, [, rlimits]) => {
      const outcome = await bed.sh(
        "true",
        (config) => (config.process.rlimits = rlimits.map((rlimit) => ({ ...rlimit }))),
      );
      expect(outcome.status).not.toBe(0);
      expect(outcome.stderr).toMatch(/rlimit/i);
    },
    ([what]) => (what === "a type that does not exist" ? undefined : "checked-rlimits"),
  );
});
