import { describe, expect, test } from "vitest";
import { eventually, leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import { exitStatus } from "../harness/runv.ts";
import { piecesOf, type VmPieces } from "../harness/vm-pieces.ts";

const runv = useRunv();

const victims: readonly (readonly [string, (pieces: VmPieces) => number | undefined])[] = [
  ["the VMM", (pieces) => pieces.vmm.pid],
  ["the monitor", (pieces) => pieces.monitor.pid],
  ["vhost-device-vsock", (pieces) => pieces.carrier?.pid],
];

describe.each(victims)("SIGKILL of %s", (name, victim) => {
  test("ends the container, and all who wait for it get 137", async (context) => {
    const id = runv().newId();
    const bundle = runv().bundle({ args: ["sh", "-c", "echo up; exec sleep 1000000"] });
    const run = runv().start(["run", "--bundle", bundle, "--keep", id], ["ignore", "pipe", "ignore"]);
    await new Promise((resolve) => run.stdout?.once("data", resolve));
    const exec = runv().start(
      ["exec", id, "sh", "-c", "echo up; exec sleep 1000000"],
      ["ignore", "pipe", "ignore"],
    );
    await new Promise((resolve) => exec.stdout?.once("data", resolve));
    const pid = victim(piecesOf(runv(), id));
    if (pid === undefined) {
      for (const child of [run, exec]) child.kill("SIGKILL");
      await runv().ok(["delete", "--force", id]);
      return context.skip(`the kernel carries vsock here: there is no ${name}`);
    }
    process.kill(pid, "SIGKILL");
    await eventually(async () => runv().status(id), "stopped");
    expect(await Promise.all([exitStatus(run), exitStatus(exec)])).toEqual([137, 137]);
    expect((await runv().run(["kill", id])).stderr).toContain("container not running");
    expect((await runv().run(["exec", id, "true"])).status).toBe(255);
    await runv().ok(["delete", "--force", id]);
    await eventually(() => leftoversOf(runv(), id), []);
  });
});

test("SIGKILL of the init process's proxy ends the container", async () => {
  const id = await runv().running();
  process.kill(await runv().pid(id), "SIGKILL");
  await eventually(async () => runv().status(id), "stopped");
  await runv().ok(["delete", id]);
  await eventually(() => leftoversOf(runv(), id), []);
});

test("SIGKILL of an exec's proxy kills the process in the guest, and nothing else", async () => {
  const id = await runv().running();
  const exec = runv().start(
    ["exec", id, "sh", "-c", "echo up; exec sleep 4242"],
    ["ignore", "pipe", "ignore"],
  );
  await new Promise((resolve) => exec.stdout?.once("data", resolve));
  const init = await runv().pid(id);
  const proxy = piecesOf(runv(), id).proxies.find(({ pid }) => pid !== init);
  expect(await runv().ok(["ps", id])).toContain("4242");
  process.kill(proxy?.pid ?? Number.NaN, "SIGKILL");
  expect(await exitStatus(exec)).toBe(137);
  await eventually(async () => (await runv().ok(["ps", id])).includes("4242"), false);
  expect(await runv().status(id)).toBe("running");
  await runv().ok(["delete", "--force", id]);
});

test("SIGKILL of a foreground run leaves a container that can be seen and deleted", async () => {
  const id = runv().newId();
  const bundle = runv().bundle({ args: ["sh", "-c", "echo up; exec sleep 1000000"] });
  const run = runv().start(["run", "--bundle", bundle, id], ["ignore", "pipe", "ignore"]);
  await new Promise((resolve) => run.stdout?.once("data", resolve));
  run.kill("SIGKILL");
  await exitStatus(run);
  expect(await runv().status(id)).toBe("running");
  await runv().ok(["delete", "--force", id]);
  await eventually(() => leftoversOf(runv(), id), []);
});

leavesNothing(runv);
