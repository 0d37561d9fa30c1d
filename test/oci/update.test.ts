import { writeFileSync } from "node:fs";
import { expect } from "vitest";
import { limitOf, startLimited } from "./harness/cgroup.ts";
import { cgroupSuite } from "./harness/suite.ts";

const mib = 1024 ** 2;
const memory = ["memory.max", "memory/memory.limit_in_bytes"] as const;
const pids = ["pids.max", "pids/pids.max"] as const;
const cpu = ["cpu.max", "cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us"] as const;
const initial = { memory: { limit: 64 * mib }, pids: { limit: 50 }, cpu: { quota: 50_000, period: 50_000 } };

interface Update {
  readonly flags: readonly string[];
  readonly files: readonly [name: string, nameInVersionOne: string];
  readonly shown: string;
}

const updates: readonly Update[] = [
  { flags: ["--memory", "48M"], files: memory, shown: String(48 * mib) },
  { flags: ["--memory", String(40 * mib)], files: memory, shown: String(40 * mib) },
  { flags: ["--pids-limit", "20"], files: pids, shown: "20" },
  { flags: ["--pids-limit", "-1"], files: pids, shown: "max" },
  { flags: ["--cpu-quota", "20000"], files: cpu, shown: "20000 50000" },
  { flags: ["--cpu-period", "60000"], files: cpu, shown: "50000 60000" },
  { flags: [], files: memory, shown: String(64 * mib) },
];

cgroupSuite("update", ({ each, test, runtime: { words } }) => {
  each(
    updates,
    ({ flags }) => flags.join(" ") || "without flags nothing changes",
    async (bed, { flags, files, shown }) => {
      const id = await startLimited(bed, initial);
      const outcome = await bed.verb(["update", ...flags, id]);
      expect([outcome.status, outcome.stderr]).toEqual([0, ""]);
      expect((await limitOf(bed, id, ...files)).replace("\n", " ")).toBe(shown);
    },
    () => "cgroup-limits",
  );

  test(
    "-r FILE and -r -",
    async (bed) => {
      const id = await startLimited(bed, initial);
      const file = bed.path("resources.json");
      writeFileSync(file, JSON.stringify({ memory: { limit: 48 * mib }, pids: { limit: 30 } }));
      await bed.must("update", "--resources", file, id);
      expect(await limitOf(bed, id, ...memory)).toBe(String(48 * mib));
      expect(await limitOf(bed, id, ...pids)).toBe("30");
      const stdin = JSON.stringify({ pids: { limit: 40 } });
      expect((await bed.verb(["update", "-r", "-", id], { stdin })).status).toBe(0);
      expect(await limitOf(bed, id, ...pids)).toBe("40");
      expect(await limitOf(bed, id, ...memory)).toBe(String(48 * mib));
    },
    "cgroup-limits",
  );

  test(
    "a created and a paused container can be updated",
    async (bed) => {
      const id = await bed.create();
      expect((await bed.verb(["update", "--pids-limit", "30", id])).status).toBe(0);
      await bed.must("start", id);
      await bed.must("pause", id);
      expect((await bed.verb(["update", "--pids-limit", "40", id])).status).toBe(0);
      await bed.must("resume", id);
    },
    "cgroup-limits",
  );

  each(
    [
      { flags: ["--memory", "10x"], why: /invalid value for memory/ },
      { flags: ["--cpu-period", "abc"], why: /invalid value for cpu-period/ },
      { flags: ["-r", "/nonexistent"], why: /no such file or directory/ },
    ],
    ({ flags }) => `${flags.join(" ")} is refused`,
    async (bed, { flags, why }) => {
      const { status, stderr } = await bed.verb(["update", ...flags, await bed.start()]);
      expect([status, stderr]).toEqual([1, expect.stringMatching(why)]);
    },
    () => "cgroup-limits",
  );

  test(
    "a stopped container cannot be updated",
    async (bed) => {
      const id = await bed.start((config) => (config.process.args = ["true"]));
      await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
      const { status, stderr } = await bed.verb(["update", "--pids-limit", "20", id]);
      expect([status, stderr]).toEqual([1, expect.stringMatching(words.updateOfStopped)]);
    },
    "cgroup-limits",
  );
});
