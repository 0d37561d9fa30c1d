import { chmodSync, cpSync, existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { busyboxRootfs } from "../harness/bundle.ts";
import { leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";

const runv = useRunv();

test("a signal's end is 128 + its number", async () => {
  const bundle = runv().bundle({ args: ["sh", "-c", "ulimit -c 0; sh -c 'kill -SEGV $$'; exit $?"] });
  expect((await runv().run(["run", "--bundle", bundle, runv().newId()])).status).toBe(128 + 11);
});

test("a signal that the host sends to a container ends it with 128 + its number", async () => {
  const id = runv().newId();
  const bundle = runv().bundle({
    args: ["sh", "-c", "trap 'kill -KILL -1; exit 15' TERM; echo up; while :; do sleep 0.1; done"],
  });
  const running = runv().run(["run", "--bundle", bundle, id]);
  await expect
    .poll(async () => (await runv().run(["state", id])).stdout, { timeout: 60_000 })
    .toContain('"running"');
  await runv().ok(["kill", id, "KILL"]);
  expect((await running).status).toBe(128 + 9);
});

describe("what cannot be executed makes create fail", () => {
  const makeRootfs = () => {
    const directory = path.join(runv().directory, "rootfs");
    if (existsSync(directory)) return directory;
    cpSync(busyboxRootfs(), directory, { recursive: true, verbatimSymlinks: true });
    writeFileSync(path.join(directory, "plain"), "#!/bin/sh\n");
    chmodSync(path.join(directory, "plain"), 0o644);
    return directory;
  };
  test.each([
    ["not in PATH", "no-such-command", 'exec: "no-such-command": executable file not found in $PATH'],
    ["no such path", "/no/such/command", "no such file or directory"],
    ["not executable", "/plain", "permission denied"],
  ])("%s", async (_what, command, message) => {
    const id = runv().newId();
    const bundle = runv().bundle({ args: [command], rootfs: makeRootfs() });
    const outcome = await runv().detached(["create", "--bundle", bundle, id], id);
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(leftoversOf(runv(), id)).toEqual([]);
  });
});

test("a working directory that is missing is made, and a user without an entry has / as HOME", async () => {
  const bundle = runv().bundle({
    args: ["sh", "-c", "pwd; echo $HOME; id -u"],
    cwd: "/made/for/it",
    user: { uid: 1234, gid: 0 },
  });
  const outcome = await runv().run(["run", "--bundle", bundle, runv().newId()]);
  expect(outcome).toEqual({ status: 0, stdout: "/made/for/it\n/\n1234\n", stderr: "" });
});

leavesNothing(runv);
