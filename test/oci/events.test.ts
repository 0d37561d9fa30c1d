import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "vitest";
import { startLimited } from "./harness/cgroup.ts";
import { cgroupSuite } from "./harness/suite.ts";

const mib = 1024 ** 2;

interface Event {
  readonly type: string;
  readonly id: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

const eventsOf = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Event);

cgroupSuite("events", ({ test }) => {
  test(
    "--stats: one line about what is used and what may be",
    async (bed) => {
      const id = await startLimited(bed, { memory: { limit: 64 * mib }, pids: { limit: 50 } });
      const text = await bed.must("events", "--stats", id);
      expect(text).toMatch(/^\{"type":"stats".*\}\n$/);
      const [event] = eventsOf(text);
      expect(event).toMatchObject({
        type: "stats",
        id,
        data: {
          cpu: { usage: { total: expect.any(Number) as number }, throttling: {} },
          memory: {
            usage: { limit: 64 * mib, usage: expect.any(Number) as number, failcnt: 0 },
            raw: expect.any(Object) as object,
          },
          pids: { current: expect.any(Number) as number, limit: 50 },
          blkio: {},
          hugetlb: expect.any(Object) as object,
          intel_rdt: {},
          network_interfaces: null,
        },
      });
    },
    "events",
  );

  test(
    "a line at every interval, one when a process is killed for memory, and an end with the container's",
    async (bed) => {
      const id = await startLimited(bed, { memory: { limit: 32 * mib } });
      const [program = "", ...args] = bed.argv("events", "--interval", "200ms", id);
      const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
      let text = "";
      child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
      const ended = once(child, "exit");
      const types = () => eventsOf(text.slice(0, text.lastIndexOf("\n") + 1)).map(({ type }) => type);
      await expect.poll(types).toContain("stats");
      expect((await bed.verb(["exec", id, "tail", "/dev/zero"])).status).toBe(137);
      await expect.poll(types).toContain("oom");
      await bed.must("kill", id, "KILL");
      // With version 1 cgroups runc waits for the end of the cgroup.
      await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
      await bed.must("delete", id);
      expect(await ended).toEqual([0, null]);
      expect(eventsOf(text).filter(({ type }) => type === "oom")).toContainEqual({ type: "oom", id });
    },
    "events",
  );

  test(
    "an interval of nothing, and a stopped container, are refused",
    async (bed) => {
      const id = await bed.start((config) => (config.process.args = ["true"]));
      await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
      const stopped = await bed.verb(["events", "--stats", id]);
      expect([stopped.status, stopped.stderr]).toEqual([
        1,
        expect.stringMatching(/container with id .* is not running/),
      ]);
      const interval = await bed.verb(["events", "--interval", "0s", id]);
      expect([interval.status, interval.stderr]).toEqual([
        1,
        expect.stringMatching(/duration interval must be greater than 0/),
      ]);
    },
    "events",
  );
});
