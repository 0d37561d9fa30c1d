import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import { ociSuite } from "./harness/suite.ts";

const counting = "while :; do echo x >> /tmp/count; sleep 0.01; done";

async function startCounting(bed: Bed): Promise<string> {
  const id = await bed.start((config) => (config.process.args = ["sh", "-c", counting]));
  await expect.poll(async () => (await bed.verb(["exec", id, "test", "-s", "/tmp/count"])).status).toBe(0);
  return id;
}

ociSuite("pause", ({ test, runtime: { words, failureStatuses } }) => {
  test("a running container is paused until it is resumed", async (bed) => {
    const id = await bed.start();
    await bed.must("pause", id);
    expect(await bed.statusOf(id)).toBe("paused");
    await bed.must("resume", id);
    expect(await bed.statusOf(id)).toBe("running");
    expect((await bed.verb(["exec", id, "true"])).status).toBe(0);
  });

  test("processes go on where they were", async (bed) => {
    const id = await startCounting(bed);
    await bed.must("pause", id);
    await bed.must("resume", id);
    const count = async () => Number(await bed.must("exec", id, "sh", "-c", "wc -l < /tmp/count"));
    const before = await count();
    expect(before).toBeGreaterThan(0);
    await expect.poll(count).toBeGreaterThan(before);
  });

  test(
    "a created container is paused, cannot be started, and is created again",
    async (bed) => {
      const id = await bed.create();
      await bed.must("pause", id);
      expect(await bed.statusOf(id)).toBe("paused");
      const started = await bed.verb(["start", id]);
      expect([started.status, started.stderr]).toEqual([1, expect.stringMatching(words.startOfPaused)]);
      await bed.must("resume", id);
      await bed.must("start", id);
      expect(await bed.statusOf(id)).toBe("running");
    },
    "pause-of-created",
  );

  test("exec and delete of a paused container are refused", async (bed) => {
    const id = await bed.start();
    await bed.must("pause", id);
    const exec = await bed.verb(["exec", id, "true"]);
    expect([exec.status, exec.stderr]).toEqual([
      failureStatuses["exec"] ?? 1,
      expect.stringMatching(words.execInPaused),
    ]);
    const deleted = await bed.verb(["delete", id]);
    expect([deleted.status, deleted.stderr]).toEqual([1, expect.stringMatching(words.deleteOfPaused)]);
  });

  const refused = async (bed: Bed) => {
    const id = await bed.start();
    const resumed = await bed.verb(["resume", id]);
    expect([resumed.status, resumed.stderr]).toEqual([1, expect.stringMatching(words.resumeOfRunning)]);
    await bed.must("pause", id);
    const paused = await bed.verb(["pause", id]);
    expect([paused.status, paused.stderr]).toEqual([1, expect.stringMatching(words.pauseOfPaused)]);
  };
  test("only what runs is paused, only what is paused resumed", refused, "refuses-pause");

  test("list and ps show it", async (bed) => {
    const id = await bed.start();
    await bed.must("pause", id);
    expect(JSON.parse(await bed.must("list", "--format", "json"))).toMatchObject([{ id, status: "paused" }]);
    const pids = JSON.parse(await bed.must("ps", "--format", "json", id)) as unknown;
    expect(pids).toContain((await bed.state(id)).pid);
  });

  test("other signals wait for resume", async (bed) => {
    const id = await bed.start(
      (config) => (config.process.args = ["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.1; done"]),
    );
    await bed.must("pause", id);
    await bed.must("kill", id, "TERM");
    expect(await bed.statusOf(id)).toBe("paused");
    await bed.must("resume", id);
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
  });

  test("SIGKILL does not wait", async (bed) => {
    const id = await bed.start();
    await bed.must("pause", id);
    await bed.must("kill", id, "KILL");
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
  });

  test("delete --force removes it", async (bed) => {
    const id = await bed.start();
    await bed.must("pause", id);
    await bed.must("delete", "--force", id);
    expect((await bed.verb(["state", id])).stderr).toMatch(words.unknownContainer);
  });

  test("a stopped or unknown container cannot be paused", async (bed) => {
    const id = await bed.start((config) => (config.process.args = ["true"]));
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
    expect((await bed.verb(["pause", id])).status).toBe(1);
    expect((await bed.verb(["pause", "oci-no-such-container"])).stderr).toMatch(words.unknownContainer);
  });
});
