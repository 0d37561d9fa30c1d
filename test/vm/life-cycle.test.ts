import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { descriptorsOf, hostProcess } from "../harness/host-processes.ts";
import { eventually, leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import { executables, text } from "../harness/runv.ts";
import { piecesOf } from "../harness/vm-pieces.ts";

describe.each(Object.entries(executables))("the life of a container, by the %s", (_name, command) => {
  const runv = useRunv({ command });

  test("created, running, stopped, gone", async () => {
    const id = runv().newId();
    const pidFile = path.join(runv().directory, "pid");
    const bundle = runv().bundle({ args: ["sh", "-c", "echo started; exec sleep 1000000"] });
    const created = await runv().detached(["create", "--bundle", bundle, "--pid-file", pidFile, id], id);
    expect(created).toEqual({ status: 0, stdout: "", stderr: "" });

    const state = await runv().state(id);
    expect(state).toMatchObject({ id, bundle, status: "created", ociVersion: "1.0.2" });
    const pid = readFileSync(pidFile, "utf8");
    expect(pid).toBe(text(state, "pid"));
    expect(hostProcess(Number(pid))?.name).toBe("runv-proxy");
    expect(readFileSync(runv().output(id), "utf8")).toBe("");

    await runv().ok(["start", id]);
    expect(await runv().status(id)).toBe("running");
    await eventually(() => readFileSync(runv().output(id), "utf8"), "started\n");
    expect(await runv().ok(["list", "--quiet"])).toBe(`${id}\n`);

    await runv().ok(["kill", id, "KILL"]);
    await eventually(async () => runv().status(id), "stopped");
    expect(await runv().state(id)).toMatchObject({ status: "stopped", pid: 0 });
    await runv().ok(["delete", id]);
    expect(leftoversOf(runv(), id)).toEqual([]);
    expect(await runv().run(["state", id])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("does not exist") as string,
    });
  });

  test("run gives the process's status, stdout and stderr", async () => {
    const bundle = runv().bundle({ args: ["sh", "-c", "cat; echo err >&2; exit 42"] });
    const outcome = await runv().run(["run", "--bundle", bundle, runv().newId()], { input: "in\n" });
    expect(outcome).toEqual({ status: 42, stdout: "in\n", stderr: "err\n" });
    expect(await runv().ok(["list", "--quiet"])).toBe("");
  });

  test("wrong transitions have runc's words", async () => {
    const id = await runv().create({ args: ["sleep", "1000000"] });
    const failure = async (...args: readonly string[]) => {
      const { status, stderr } = await runv().run(args);
      expect(status, args.join(" ")).toBe(1);
      return stderr;
    };
    const bundle = runv().bundle({ args: ["true"] });
    expect(await failure("create", "--bundle", bundle, id)).toContain(
      "container with given ID already exists",
    );
    expect(await failure("run", "--bundle", bundle, id)).toContain("container with given ID already exists");
    for (const verb of ["start", "kill", "delete", "state", "ps"])
      expect(await failure(verb, "no-such-container"), verb).toContain("does not exist");
    expect((await runv().run(["exec", "no-such-container", "true"])).status).toBe(255);
    expect((await runv().run(["delete", "--force", "no-such-container"])).status).toBe(0);

    await runv().ok(["start", id]);
    expect(await failure("start", id)).toContain("cannot start an already running container");
    expect(await failure("delete", id)).toContain("that is not stopped: running");

    await runv().ok(["kill", id, "9"]);
    await eventually(async () => runv().status(id), "stopped");
    expect(await failure("start", id)).toContain("cannot start a container that has stopped");
    expect(await failure("kill", id)).toContain("container not running");
    expect((await runv().run(["kill", "--all", id])).status).toBe(0);
    const exec = await runv().run(["exec", id, "true"]);
    expect([exec.status, exec.stderr]).toEqual([
      255,
      expect.stringContaining("cannot exec in a stopped container"),
    ]);
    await runv().ok(["delete", id]);
    expect(await failure("delete", id)).toContain("does not exist");
  });

  test("nobody but the proxy keeps the verb's stdio", async () => {
    const id = await runv().running();
    const { monitor, vmm, carrier, proxies } = piecesOf(runv(), id);
    const files = [runv().output(id), runv().errors(id)];
    const holders = [monitor, vmm, ...(carrier === null ? [] : [carrier]), ...proxies].filter(({ pid }) =>
      [...descriptorsOf(pid).values()].some((target) => files.includes(target)),
    );
    expect(holders.map(({ name }) => name)).toEqual(["runv-proxy"]);
    expect(holders[0]?.pid).toBe(await runv().pid(id));
    await runv().ok(["delete", "--force", id]);
  });

  test("a container that was never started is deleted", async () => {
    const id = await runv().create({ args: ["sleep", "1000000"] });
    await runv().ok(["delete", id]);
    expect(leftoversOf(runv(), id)).toEqual([]);
    expect(existsSync(path.join(runv().root, id))).toBe(false);
  });

  leavesNothing(runv);
});
