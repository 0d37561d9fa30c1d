import { expect } from "vitest";
import { HookLog, scriptHook } from "./harness/hooks.ts";
import { ociSuite } from "./harness/suite.ts";

const kinds = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"] as const;

ociSuite("hooks run in their order", ({ test }) => {
  test("one kind after the other, each in the order of config.json", async (bed) => {
    const log = new HookLog(bed);
    const outcome = await bed.run((config) => {
      config.hooks = Object.fromEntries(
        kinds.map((kind) => [kind, [log.hook(`echo ${kind} 1`), log.hook(`echo ${kind} 2`)]]),
      );
    });
    expect(outcome).toMatchObject({ status: 0, stderr: "" });
    expect(log.lines()).toEqual(kinds.flatMap((kind) => [`${kind} 1`, `${kind} 2`]));
  });

  test("startContainer hooks before the process", async (bed) => {
    const { stdout } = await bed.sh("echo process >> /log; cat /log", (config) => {
      config.hooks = { startContainer: [scriptHook("echo 1 >> /log"), scriptHook("echo 2 >> /log")] };
    });
    expect(stdout).toBe("1\n2\nprocess\n");
  });

  test(
    "those of create have ended when it ends, and no others have begun",
    async (bed) => {
      const log = new HookLog(bed);
      const id = await bed.create((config) => {
        config.hooks = Object.fromEntries(kinds.map((kind) => [kind, [log.hook(`sleep 0.1; echo ${kind}`)]]));
      });
      expect(log.lines()).toEqual(["prestart", "createRuntime", "createContainer"]);
      await bed.must("start", id);
      expect(log.lines().at(-1)).toBe("poststart");
      await bed.must("delete", "--force", id);
      expect(log.lines().at(-1)).toBe("poststop");
    },
    "poststart-at-start",
  );

  test("poststop hooks run when the container is gone", async (bed) => {
    const log = new HookLog(bed);
    const id = await bed.start((config) => {
      config.hooks = { poststop: [log.hook("echo gone")] };
    });
    await bed.must("kill", id, "KILL");
    // crun 1.21 crashes now and then when it deletes what is just dying.
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
    expect(log.lines()).toEqual([]);
    await bed.must("delete", id);
    expect(log.lines()).toEqual(["gone"]);
    expect((await bed.verb(["state", id])).status).not.toBe(0);
  });

  test("config.json of the time of create counts", async (bed) => {
    const { writeFileSync, readFileSync } = await import("node:fs");
    const log = new HookLog(bed);
    const id = await bed.create((config) => {
      config.hooks = { poststop: [log.hook("echo old")] };
    });
    const file = `${bed.path("bundle-1")}/config.json`;
    writeFileSync(file, readFileSync(file, "utf8").replace("echo old", "echo new"));
    await bed.must("delete", "--force", id);
    expect(log.lines()).toEqual(["old"]);
  });
});
