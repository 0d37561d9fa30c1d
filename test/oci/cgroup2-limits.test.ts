import { expect } from "vitest";
import { limitOf, startLimited } from "./harness/cgroup.ts";
import { ociSuite } from "./harness/suite.ts";

const mib = 1024 ** 2;

ociSuite("linux.resources by the names of version 2 cgroups", ({ each, test }) => {
  each(
    [
      {
        resources: { unified: { "memory.high": String(32 * mib) } },
        file: "memory.high",
        shown: String(32 * mib),
      },
      { resources: { unified: { "memory.min": "max", "pids.max": "33" } }, file: "pids.max", shown: "33" },
      { resources: { pids: { limit: 20 }, unified: { "pids.max": "30" } }, file: "pids.max", shown: "30" },
      { resources: { blockIO: { weight: 300 } }, file: "io.bfq.weight", shown: "default 300" },
      {
        resources: { hugepageLimits: [{ pageSize: "2MB", limit: 4 * mib }] },
        file: "hugetlb.2MB.max",
        shown: String(4 * mib),
      },
    ],
    ({ resources }) => JSON.stringify(resources),
    async (bed, { resources, file, shown }) => {
      expect(await limitOf(bed, await startLimited(bed, resources), file, "none")).toBe(shown);
    },
    () => "cgroup2-limits",
  );

  each(
    [
      { resources: { unified: { "a/b": "1" } }, why: /a\/b.*must be a file name \(no slashes\)/ },
      { resources: { unified: { "no.such.file": "1" } }, why: /unified.*no\.such\.file/ },
      { resources: { unified: { "memory.max": "much" } }, why: /unified.*memory\.max/ },
    ],
    ({ resources }) => `${JSON.stringify(resources)} is refused`,
    async (bed, { resources, why }) => {
      const { status, stderr } = await bed.run((config) => {
        Object.assign(config.linux.resources, resources);
      });
      expect([status, stderr]).toEqual([1, expect.stringMatching(why)]);
    },
    () => "cgroup2-limits",
  );

  test(
    "nothing asked for, nothing limited",
    async (bed) => {
      const id = await startLimited(bed, {});
      for (const file of ["memory.max", "memory.high", "pids.max"])
        expect(await limitOf(bed, id, file, "none")).toBe("max");
    },
    "cgroup2-limits",
  );
});
