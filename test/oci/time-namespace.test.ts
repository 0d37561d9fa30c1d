import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const day = 86_400;

ociSuite("a time namespace", ({ test }) => {
  test(
    "moves the time since boot",
    async (bed) => {
      const { stdout, stderr } = await bed.sh(
        "cut -d. -f1 /proc/uptime; cat /proc/self/timens_offsets",
        (config) => {
          config.linux.namespaces.push({ type: "time" });
          config.linux.timeOffsets = {
            boottime: { secs: 1000 * day },
            monotonic: { secs: 500 * day, nanosecs: 5 },
          };
        },
      );
      const [uptime, ...offsets] = stdout.trim().split("\n");
      expect([stderr, Number(uptime) >= 1000 * day]).toEqual(["", true]);
      expect(offsets.map((line) => line.trim().split(/\s+/))).toEqual([
        ["monotonic", String(500 * day), "5"],
        ["boottime", String(1000 * day), "0"],
      ]);
    },
    "time-namespace",
  );

  test(
    "exec is in it",
    async (bed) => {
      const id = await bed.start((config) => {
        config.linux.namespaces.push({ type: "time" });
        config.linux.timeOffsets = { boottime: { secs: 1000 * day } };
      });
      const { stdout } = await bed.verb(["exec", id, "cut", "-d.", "-f1", "/proc/uptime"]);
      expect(Number(stdout)).toBeGreaterThanOrEqual(1000 * day);
    },
    "time-namespace",
  );

  test(
    "offsets without it are refused",
    async (bed) => {
      const { status } = await bed.sh("true", (config) => {
        config.linux.timeOffsets = { boottime: { secs: day } };
      });
      expect(status).not.toBe(0);
    },
    "time-namespace",
  );
});
