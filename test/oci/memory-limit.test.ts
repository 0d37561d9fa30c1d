import { expect } from "vitest";
import { limitOf, startLimited } from "./harness/cgroup.ts";
import { cgroupSuite } from "./harness/suite.ts";

const mib = 1024 ** 2;
const maxBytes = ["memory.max", "memory/memory.limit_in_bytes"] as const;
/** Takes memory until it is killed. */
const glutton = ["tail", "/dev/zero"];

cgroupSuite("linux.resources.memory", ({ each, test }) => {
  const shown = async (value: number, bed: Parameters<typeof startLimited>[0]) =>
    limitOf(bed, await startLimited(bed, { memory: { limit: value } }), ...maxBytes);
  each(
    [32 * mib, 64 * mib],
    (limit) => `limit: ${limit} bytes are what the container sees`,
    async (bed, limit) => expect(await shown(limit, bed)).toBe(String(limit)),
    () => "cgroup-limits",
  );

  test(
    "limit: a process that takes more is killed",
    async (bed) => {
      const outcome = await bed.run((config) => {
        config.process.args = glutton;
        config.linux.resources["memory"] = { limit: 32 * mib };
      });
      expect(outcome.status).toBe(137);
    },
    "cgroup-limits",
  );

  test(
    "limit: the container outlives a process of it that takes more",
    async (bed) => {
      const id = await startLimited(bed, { memory: { limit: 32 * mib } });
      expect((await bed.verb(["exec", id, ...glutton])).status).toBe(137);
      expect(await bed.statusOf(id)).toBe("running");
    },
    "cgroup-limits",
  );

  test(
    "reservation",
    async (bed) => {
      const id = await startLimited(bed, { memory: { reservation: 16 * mib } });
      expect(await limitOf(bed, id, "memory.low", "memory/memory.soft_limit_in_bytes")).toBe(
        String(16 * mib),
      );
    },
    "cgroup-limits",
  );

  test(
    "swap: less than memory is refused",
    async (bed) => {
      const { status, stderr } = await bed.run((config) => {
        config.linux.resources["memory"] = { limit: 64 * mib, swap: 32 * mib };
      });
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/memory\+swap limit should be >= memory limit|memsw/),
      ]);
    },
    "cgroup-limits",
  );

  test(
    "swap: on top of memory",
    async (bed) => {
      const id = await startLimited(bed, { memory: { limit: 32 * mib, swap: 48 * mib } });
      expect(await limitOf(bed, id, "memory.swap.max", "memory/memory.none")).toBe(String(16 * mib));
    },
    "cgroup2-limits",
  );
});
