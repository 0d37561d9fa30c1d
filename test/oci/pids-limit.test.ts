import { expect } from "vitest";
import { limitOf, startLimited } from "./harness/cgroup.ts";
import { cgroupSuite } from "./harness/suite.ts";

const files = ["pids.max", "pids/pids.max"] as const;
const forks = "i=0; while [ $i -lt 30 ]; do sleep 5 & i=$((i + 1)); done; echo all";

cgroupSuite("linux.resources.pids", ({ each, test }) => {
  each(
    [
      { limit: 20, shown: "20" },
      { limit: -1, shown: "max" },
      { limit: 0, shown: "max" },
    ],
    ({ limit, shown }) => `limit: ${limit} shows as ${shown}`,
    async (bed, { limit, shown }) => {
      expect(await limitOf(bed, await startLimited(bed, { pids: { limit } }), ...files)).toBe(shown);
    },
    () => "cgroup-limits",
  );

  test(
    "limit: no more processes can be made",
    async (bed) => {
      const outcome = await bed.sh(forks, (config) => (config.linux.resources["pids"] = { limit: 20 }));
      expect([outcome.stdout, outcome.stderr]).toEqual(["", expect.stringMatching(/can't fork/)]);
    },
    "cgroup-limits",
  );
});
