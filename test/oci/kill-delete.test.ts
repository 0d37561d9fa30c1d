import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const trap =
  "trap 'exit 7' TERM; trap 'exit 8' USR1; trap 'exit 9' HUP; echo ready; while :; do sleep 0.1; done";

ociSuite("kill", ({ each, test, runtime: { words } }) => {
  each(
    [
      { args: [], status: 7 },
      { args: ["TERM"], status: 7 },
      { args: ["SIGUSR1"], status: 8 },
      { args: ["usr1"], status: 8 },
      { args: ["1"], status: 9 },
    ],
    ({ args }) => args.join(" ") || "without a signal: TERM",
    async (bed, { args, status }) => {
      const id = bed.newId();
      const bundle = bed.bundle((config) => (config.process.args = ["sh", "-c", trap]));
      const running = bed.verb(["run", "--bundle", bundle, id]);
      await expect.poll(async () => (await bed.verb(["exec", id, "true"])).status).toBe(0);
      await bed.must("kill", id, ...args);
      expect((await running).status).toBe(status);
    },
    ({ args: [signal] }) => (signal === "usr1" ? "lower-case-signals" : undefined),
  );

  test("an unknown signal", async (bed) => {
    const id = await bed.start();
    const outcome = await bed.verb(["kill", id, "BOGUS"]);
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringMatching(/unknown signal/)]);
  });

  test("a stopped container is not running", async (bed) => {
    const id = await bed.start((config) => (config.process.args = ["true"]));
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
    const outcome = await bed.verb(["kill", id, "KILL"]);
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringMatching(words.killOfStopped)]);
    expect((await bed.verb(["kill", "--all", id, "KILL"])).status).toBe(0);
  });

  test("a created container can be killed", async (bed) => {
    const id = await bed.create();
    await bed.must("kill", id, "KILL");
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
  });
});

ociSuite("delete", ({ test, runtime: { words } }) => {
  test("--force removes a running container", async (bed) => {
    const id = await bed.start();
    await bed.must("delete", "--force", id);
    expect((await bed.verb(["state", id])).stderr).toMatch(words.unknownContainer);
  });

  test("--force of an unknown container is no error", async (bed) => {
    expect((await bed.verb(["delete", "--force", "oci-no-such-container"])).status).toBe(0);
  });

  test("a created container is killed", async (bed) => {
    const id = await bed.create();
    const { pid } = await bed.state(id);
    await bed.must("delete", id);
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  test("the name is free again", async (bed) => {
    const id = await bed.create();
    await bed.must("delete", id);
    const outcome = await bed.verb(["run", "--bundle", bed.bundle(), id]);
    expect([outcome.status, outcome.stderr]).toEqual([0, ""]);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
