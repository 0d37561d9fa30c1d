import { describe, expect, test } from "vitest";
import { eventually, leavesNothing, leftoversOf } from "../harness/leftovers.ts";
import { exitStatus, Runv } from "../harness/runv.ts";
import { bundledVirtiofsd } from "../harness/virtiofsd.ts";
import { virtiofsdsOf } from "../harness/vm-pieces.ts";

const daemons = [
  ["in C", () => "/usr/lib/qemu/virtiofsd"],
  ["in Rust", bundledVirtiofsd],
] as const;

describe.each(daemons)("SIGKILL of the virtiofsd %s", (_language, path) => {
  const runv = new Runv({ env: { RUNV_VOLUMES: "virtiofs", RUNV_VIRTIOFSD: path() } });

  test("ends the container, which says why", async () => {
    const id = runv.newId();
    const volume = runv.mkdir("volume");
    const bundle = runv.bundle({
      args: ["sh", "-c", "echo up; exec sleep 1000000"],
      mounts: [{ destination: "/volume", type: "bind", source: volume, options: ["rbind"] }],
    });
    const run = runv.start(["run", "--bundle", bundle, "--keep", id], ["ignore", "pipe", "pipe"]);
    let stderr = "";
    run.stderr?.on("data", (text: Buffer) => {
      stderr += text.toString();
    });
    await new Promise((resolve) => run.stdout?.once("data", resolve));
    // In the middle of a write to the share, which must not outlive it.
    const write = "echo up; while echo x >>/volume/file; do :; done";
    const exec = runv.start(["exec", id, "sh", "-c", write], ["ignore", "pipe", "ignore"]);
    await new Promise((resolve) => exec.stdout?.once("data", resolve));
    const daemon = virtiofsdsOf(id)[0] ?? Number.NaN;
    process.kill(daemon, "SIGKILL");
    await eventually(async () => runv.status(id), "stopped");
    expect(await Promise.all([exitStatus(run), exitStatus(exec)])).toEqual([137, 137]);
    expect(stderr).toContain("the virtual machine has ended: virtiofsd ended: ");
    expect((await runv.run(["kill", id])).stderr).toContain("container not running");
    await runv.ok(["delete", id]);
    await eventually(() => leftoversOf(runv, id), []);
  });

  leavesNothing(() => runv);
});
