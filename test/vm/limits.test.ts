import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { eventually, useRunv } from "../harness/leftovers.ts";

const runv = useRunv();
const mib = 1_048_576;
const sleeping = ["sleep", "1000000"];
const limits = { memory: { limit: 64 * mib }, cpu: { quota: 50_000, period: 50_000 } };
const cgroup = [
  { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] },
] as const;

async function limited(resources: object = limits): Promise<string> {
  return runv().running({ args: sleeping, resources, mounts: cgroup });
}

/** What the container sees of its limits. */
async function seen(id: string): Promise<string> {
  return runv().ok(["exec", id, "sh", "-c", "cd /sys/fs/cgroup; cat memory.max pids.max cpu.max"]);
}

test("an update of which one part fails leaves all as it was", async () => {
  const id = await limited();
  const before = await seen(id);
  const asked = { memory: { limit: 48 * mib }, pids: { limit: 9 }, unified: { "no.such.file": "1" } };
  const { status, stderr } = await runv().run(["update", "-r", "-", id], { input: JSON.stringify(asked) });
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/unified\.no\.such\.file.*has no no\.such\.file/),
  ]);
  expect(await seen(id)).toBe(before);
});

test("checkBeforeUpdate: a limit below what is used is refused", async () => {
  const id = await limited();
  const asked = { memory: { limit: 4096, checkBeforeUpdate: true } };
  const { status, stderr } = await runv().run(["update", "-r", "-", id], { input: JSON.stringify(asked) });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/rejecting memory limit 4096 < usage \d+/)]);
});

test("a limit in which not even init can be set up is said to be too low", async () => {
  const id = runv().newId();
  const bundle = runv().bundle({ args: sleeping, resources: { memory: { limit: 65_536 } } });
  const { status, stderr } = await runv().run(["run", "--bundle", bundle, id]);
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/init was OOM-killed \(memory limit too low\?\)/),
  ]);
});

test.each(["cgroup.procs", "cgroup.freeze", "cgroup.kill"])(
  "unified: %s is not for config.json",
  async (name) => {
    const id = runv().newId();
    const bundle = runv().bundle({ args: sleeping, resources: { unified: { [name]: "0" } } });
    const { status, stderr } = await runv().run(["run", "--bundle", bundle, id]);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`linux.resources.unified.${name}: `)]);
  },
);

test("exec --ignore-paused waits for resume", async () => {
  const id = await limited();
  await runv().ok(["pause", id]);
  const waiting = runv().run(["exec", "--ignore-paused", id, "echo", "awake"]);
  await runv().ok(["resume", id]);
  expect(await waiting).toEqual({ status: 0, stdout: "awake\n", stderr: "" });
});

/** As a `pause` or `resume` leaves it that was killed before it could write down the guest's answer. */
function forgetAnswer(id: string, paused: boolean): void {
  const file = path.join(runv().root, id, "state.json");
  const record = JSON.parse(readFileSync(file, "utf8")) as object;
  writeFileSync(file, JSON.stringify({ ...record, paused, freezer: { pid: 4_000_000, startTicks: 1 } }));
}

test("a pause or resume that was killed is settled by the guest", async () => {
  const id = await limited();
  await runv().ok(["pause", id]);
  forgetAnswer(id, false);
  expect(await runv().status(id)).toBe("paused");
  await runv().ok(["resume", id]);
  forgetAnswer(id, true);
  await eventually(async () => runv().status(id), "running");
  expect((await runv().run(["exec", id, "true"])).status).toBe(0);
});
