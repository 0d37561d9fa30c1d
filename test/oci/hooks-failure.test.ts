import { expect } from "vitest";
import type { HookConfig, HookKind } from "./harness/config.ts";
import { HookLog, scriptHook } from "./harness/hooks.ts";
import { ociSuite } from "./harness/suite.ts";

const failing = scriptHook("echo because >&2; exit 3");
const ofCreate: readonly HookKind[] = ["prestart", "createRuntime", "createContainer"];

ociSuite("a hook that fails", ({ test, each }) => {
  each(
    ofCreate,
    (kind) => `${kind}: create fails and leaves no container`,
    async (bed, kind) => {
      const log = new HookLog(bed);
      const id = bed.newId();
      const bundle = bed.bundle((config) => {
        config.hooks = { [kind]: [failing, log.hook("echo too late")] };
      });
      const outcome = await bed.verb(["create", "--bundle", bundle, id]);
      expect(outcome.status).not.toBe(0);
      expect(outcome.stderr).toMatch(/hook/);
      expect((await bed.verb(["state", id])).status).not.toBe(0);
      expect(log.lines()).toEqual([]);
    },
  );

  each(
    ofCreate,
    (kind) => `${kind}: poststop hooks are run`,
    async (bed, kind) => {
      const log = new HookLog(bed);
      const outcome = await bed.run((config) => {
        config.hooks = { [kind]: [failing], poststop: [log.hook("echo poststop")] };
      });
      expect(outcome.status).not.toBe(0);
      expect(log.lines()).toEqual(["poststop"]);
    },
    () => "poststop-after-failed-create",
  );

  test(
    "what it said is in the error",
    async (bed) => {
      const outcome = await bed.run((config) => (config.hooks = { createRuntime: [failing] }));
      expect(outcome.stderr).toMatch(/exit status 3.*because/);
    },
    "quotes-hooks",
  );

  const unusable: readonly [string, HookConfig][] = [
    ["a file that is not there", { path: "/no/such/hook" }],
    ["a file that is not executable", { path: "/etc/passwd" }],
    ["one that a signal ends", scriptHook("kill -9 $$")],
  ];
  each(
    unusable,
    ([what]) => `${what} is one`,
    async (bed, [, hook]) => {
      const outcome = await bed.run((config) => (config.hooks = { createRuntime: [hook] }));
      expect(outcome.status).not.toBe(0);
      expect(outcome.stderr).not.toBe("");
    },
  );

  test("startContainer: the process does not run", async (bed) => {
    const outcome = await bed.sh("echo process", (config) => {
      config.hooks = { startContainer: [failing] };
    });
    expect(outcome.status).not.toBe(0);
    expect(outcome.stdout).toBe("");
  });

  test(
    "startContainer: start fails, and the container has stopped",
    async (bed) => {
      const id = await bed.create((config) => (config.hooks = { startContainer: [failing] }));
      const outcome = await bed.verb(["start", id]);
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toMatch(/error running hook: startContainer\[0\].*exit status 3.*because/);
      await expect.poll(async () => bed.statusOf(id), { timeout: 10_000 }).toBe("stopped");
      await bed.must("delete", id);
    },
    "start-reports-hooks",
  );

  test(
    "poststart: start fails, and the container has stopped",
    async (bed) => {
      const log = new HookLog(bed);
      const id = await bed.create(
        (config) => (config.hooks = { poststart: [failing, log.hook("echo too late")] }),
      );
      const outcome = await bed.verb(["start", id]);
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toMatch(/hook/);
      expect(await bed.statusOf(id)).toBe("stopped");
      expect(log.lines()).toEqual([]);
    },
    "poststart-failure",
  );

  test(
    "poststop: the container is deleted all the same, and the others run",
    async (bed) => {
      const log = new HookLog(bed);
      const id = await bed.start((config) => {
        config.hooks = { poststop: [failing, log.hook("echo second")] };
      });
      await bed.must("kill", id, "KILL");
      const outcome = await bed.verb(["delete", "--force", id]);
      expect(outcome.status).toBe(0);
      expect(outcome.stderr).toMatch(/warning.*poststop\[0\].*exit status 3/);
      expect(log.lines()).toEqual(["second"]);
      expect((await bed.verb(["state", id])).status).not.toBe(0);
    },
    "tolerates-poststop",
  );
});
