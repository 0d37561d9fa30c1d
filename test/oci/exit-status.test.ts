import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

ociSuite("run exits with the status of the process", ({ each }) => {
  each(
    [
      ["exit 0", 0],
      ["exit 42", 42],
      ["exit 255", 255],
      // PID 1 of a namespace ignores signals that it has no handler for, so a child of it is killed.
      ["sh -c 'kill -TERM $$'; exit $?", 143],
      ["sh -c 'kill -KILL $$'; exit $?", 137],
    ] as const,
    ([script]) => script,
    async (bed, [script, status]) => {
      const outcome = await bed.sh(script);
      expect([outcome.status, outcome.stdout]).toEqual([status, ""]);
    },
  );
});

ociSuite("a process that a signal kills", ({ test }) => {
  test("run exits with 128 + the signal", async (bed) => {
    const id = bed.newId();
    const bundle = bed.bundle((config) => (config.process.args = ["sleep", "1000"]));
    const running = bed.verb(["run", "--bundle", bundle, id]);
    await expect.poll(async () => (await bed.verb(["state", id])).stdout).toContain('"running"');
    await bed.must("kill", id, "KILL");
    expect((await running).status).toBe(137);
  });
});

ociSuite("run leaves nothing", ({ test }) => {
  test("the container is unknown afterwards", async (bed) => {
    await bed.sh("exit 3");
    expect(await bed.must("list", "--quiet")).toBe("");
  });
});
