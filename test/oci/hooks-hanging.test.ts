import { writeFileSync } from "node:fs";
import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import type { HookKind } from "./harness/config.ts";
import { HookLog, scriptHook } from "./harness/hooks.ts";
import type { Outcome } from "./harness/run-program.ts";
import { ociSuite } from "./harness/suite.ts";

/** Ends what a runtime leaves behind that does not end it; it asserts no speed. */
const lastResortSeconds = 100;
const patience = { timeout: 60_000 };

/** A start whose container waits in a hook. */
async function hangInside(bed: Bed): Promise<{ id: string; started: Promise<Outcome> }> {
  const id = await bed.create((config) => {
    config.hooks = {
      startContainer: [scriptHook("touch /hanging; exec sleep 1000", { timeout: lastResortSeconds })],
    };
  });
  const started = bed.verb(["start", id]);
  const isThere = async () => (await bed.verb(["exec", id, "test", "-e", "/hanging"])).status;
  await expect.poll(isThere, patience).toBe(0);
  return { id, started };
}

/** A verb that waits in a hook on the host. */
async function hangOutside(
  bed: Bed,
  kind: HookKind,
  verb: readonly string[],
): Promise<{ readonly running: Promise<Outcome> }> {
  const running = bed.verb(verb);
  await expect.poll(() => new HookLog(bed).lines(), patience).toEqual([kind]);
  return { running };
}

const hanging = (bed: Bed, kind: HookKind) => ({
  [kind]: [new HookLog(bed).hook(`echo ${kind}; exec sleep 1000`, { timeout: lastResortSeconds })],
});

ociSuite("a startContainer hook that hangs", ({ test }) => {
  test("kill ends the container", async (bed) => {
    const { id, started } = await hangInside(bed);
    await bed.must("kill", id, "KILL");
    await expect.poll(async () => bed.statusOf(id), patience).toBe("stopped");
    await started;
    await bed.must("delete", id);
  });

  test(
    "start says that the container was killed",
    async (bed) => {
      const { id, started } = await hangInside(bed);
      await bed.must("kill", id, "KILL");
      const { status, stderr } = await started;
      expect([status, stderr]).toEqual([1, expect.stringMatching(/killed while|ended while/)]);
    },
    "start-reports-hooks",
  );

  test("delete --force ends and removes it", async (bed) => {
    const { id, started } = await hangInside(bed);
    await bed.must("delete", "--force", id);
    expect((await bed.verb(["state", id])).status).not.toBe(0);
    await started;
  });

  test(
    "and start says so",
    async (bed) => {
      const { id, started } = await hangInside(bed);
      await bed.must("delete", "--force", id);
      const { status, stderr } = await started;
      expect([status, stderr]).toEqual([1, expect.stringMatching(/killed while|ended while/)]);
    },
    "start-reports-hooks",
  );

  test(
    "others go on: exec, update, pause and resume",
    async (bed) => {
      const { id, started } = await hangInside(bed);
      expect(await bed.must("exec", id, "echo", "answered")).toBe("answered\n");
      await bed.must("update", "--pids-limit", "77", id);
      await bed.must("pause", id);
      await bed.must("resume", id);
      await bed.must("kill", id, "KILL");
      await started;
    },
    "cgroup-limits",
  );

  test(
    "nobody else starts it, and it is not deleted without --force",
    async (bed) => {
      const { id, started } = await hangInside(bed);
      for (const verb of ["start", "delete"]) {
        const { status, stderr } = await bed.verb([verb, id]);
        expect([status, stderr]).toEqual([1, expect.stringContaining("it is being started")]);
      }
      await bed.must("kill", id, "KILL");
      await started;
    },
    "start-reports-hooks",
  );
});

ociSuite("a poststart hook that hangs", ({ each, test }) => {
  each(
    [
      ["kill", "KILL"],
      ["delete", "--force"],
    ],
    ([verb]) => `${verb} ends the container, and start says so`,
    async (bed, [verb = "", word = ""]) => {
      const id = await bed.create((config) => (config.hooks = hanging(bed, "poststart")));
      const { running } = await hangOutside(bed, "poststart", ["start", id]);
      await bed.must(...(verb === "kill" ? [verb, id, word] : [verb, word, id]));
      const { status, stderr } = await running;
      expect([status, stderr]).toEqual([1, expect.stringContaining("killed while its poststart hooks ran")]);
    },
    () => "gives-up-hooks",
  );

  test(
    "goes on when the container ends by itself",
    async (bed) => {
      const log = new HookLog(bed);
      const id = await bed.create((config) => {
        config.process.args = ["true"];
        config.hooks = { poststart: [log.hook("echo begun; sleep 1; echo ended")] };
      });
      expect((await bed.verb(["start", id])).status).toBe(0);
      expect(log.lines()).toEqual(["begun", "ended"]);
    },
    "poststart-at-start",
  );
});

ociSuite("a hook of create that hangs", ({ each, test }) => {
  each(
    ["prestart", "createRuntime", "createContainer"] as const,
    (kind) => `${kind}: delete --force ends create, and leaves nothing`,
    async (bed, kind) => {
      const id = bed.newId();
      const bundle = bed.bundle((config) => (config.hooks = hanging(bed, kind)));
      const { running } = await hangOutside(bed, kind, ["create", "--bundle", bundle, id]);
      expect(await bed.statusOf(id)).toBe("creating");
      await bed.must("delete", "--force", id);
      const { status, stderr } = await running;
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/interrupted|cancelled/);
      expect((await bed.verb(["state", id])).status).not.toBe(0);
    },
    () => "gives-up-hooks",
  );

  test(
    "delete --force waits for the poststop hooks of create",
    async (bed) => {
      const log = new HookLog(bed);
      const id = bed.newId();
      const bundle = bed.bundle((config) => {
        const poststop = [log.hook("echo poststop; sleep 4; echo ended")];
        config.hooks = { ...hanging(bed, "createRuntime"), poststop };
      });
      const { running } = await hangOutside(bed, "createRuntime", ["create", "--bundle", bundle, id]);
      await bed.must("delete", "--force", id);
      expect(log.lines()).toEqual(["createRuntime", "poststop", "ended"]);
      expect((await running).stderr).toMatch(/interrupted|cancelled/);
    },
    "gives-up-hooks",
  );

  test(
    "delete --force leaves alone who takes the id while it waits",
    async (bed) => {
      const log = new HookLog(bed);
      const id = bed.newId();
      const goOn = bed.path("go-on");
      const waiting = `echo poststop; until [ -e ${goOn} ]; do sleep 0.1; done; echo ended`;
      const bundle = bed.bundle((config) => {
        const poststop = [log.hook(waiting, { timeout: lastResortSeconds })];
        config.hooks = { ...hanging(bed, "createRuntime"), poststop };
      });
      const { running } = await hangOutside(bed, "createRuntime", ["create", "--bundle", bundle, id]);
      const deleting = bed.verb(["delete", "--force", id]);
      await expect.poll(() => log.lines(), patience).toEqual(["createRuntime", "poststop"]);
      await bed.create(undefined, id);
      writeFileSync(goOn, "");
      expect(await deleting).toEqual({ status: 0, stdout: "", stderr: "" });
      await running;
      expect(log.lines().at(-1)).toBe("ended");
      expect(await bed.statusOf(id)).toBe("created");
    },
    "gives-up-hooks",
  );

  test("there is nothing to be killed yet", async (bed) => {
    const id = bed.newId();
    const bundle = bed.bundle((config) => {
      config.hooks = {
        createRuntime: [new HookLog(bed).hook("echo createRuntime; exec sleep 1000", { timeout: 3 })],
      };
    });
    const { running } = await hangOutside(bed, "createRuntime", ["create", "--bundle", bundle, id]);
    expect((await bed.verb(["kill", id, "KILL"])).status).not.toBe(0);
    expect((await running).status).not.toBe(0);
  });
});
