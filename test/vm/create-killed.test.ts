import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { eventually, leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import { exitStatus } from "../harness/runv.ts";
import { caseCount } from "../harness/sample.ts";
import { cgroupMembers } from "../harness/vm-pieces.ts";

/** The steps of a create as its debug log tells them; "" stands for: before the first. */
const phases = ["", "launch", "agent", "rootfs"];
const sweeps = caseCount({ sample: 6, full: 100 });
/** The last kills come a little later than an undisturbed create takes. */
const sweepEnd = 1.1;

const runv = useRunv();

test.each(phases)("SIGKILL of create after phase %j leaves nothing", async (phase) => {
  const id = runv().newId("phase");
  const log = path.join(runv().directory, `${id}.log`);
  const bundle = runv().bundle({ args: ["sleep", "1000000"] });
  const args = ["--debug", "--log", log, "--log-format", "json", "create", "--bundle", bundle, id];
  const create = runv().start(args, "ignore");
  if (phase !== "") await eventually(() => logged(log).includes(`"phase":"${phase}"`), true);
  create.kill("SIGKILL");
  expect(await exitStatus(create)).toBe(137);
  await eventually(async () => (await runv().run(["state", id])).stdout.includes('"creating"'), false);
  await runv().ok(["delete", "--force", id]);
  await eventually(() => leftoversOf(runv(), id), []);
});

test.each(phases.slice(1))(
  "SIGKILL of the VMM after phase %j of create fails it with the reason",
  async (phase) => {
    const id = runv().newId("vmm");
    const log = path.join(runv().directory, `${id}.log`);
    const bundle = runv().bundle({ args: ["sleep", "1000000"] });
    const pidFile = path.join(runv().directory, `${id}.pid`);
    const args = ["--debug", "--log", log, "--log-format", "json", "create", "--pid-file", pidFile];
    const create = runv().start([...args, "--bundle", bundle, id], "ignore");
    await eventually(() => logged(log).includes(`"phase":"${phase}"`), true);
    const vmm = cgroupMembers(id).find(({ name }) => name.startsWith("qemu-system"));
    process.kill(vmm?.pid ?? Number.NaN, "SIGKILL");
    const status = await exitStatus(create);
    // It may have come too late: then the container was there, and has stopped.
    const late = status === 0;
    if (late) await eventually(async () => runv().status(id), "stopped");
    else {
      expect(logged(log)).toContain("qemu ended: killed by signal 9");
      expect((await runv().run(["state", id])).stderr).toContain("does not exist");
    }
    expect([existsSync(pidFile), phase === "rootfs" || !late]).toEqual([late, true]);
    await runv().ok(["delete", "--force", id]);
    await eventually(() => leftoversOf(runv(), id), []);
  },
);

test(`SIGKILL of create at ${sweeps} moments leaves a truthful state, and nothing after delete`, async () => {
  const bundle = runv().bundle({ args: ["sleep", "1000000"] });
  const startedMs = performance.now();
  await runv().create({ args: ["sleep", "1000000"] });
  const createMs = performance.now() - startedMs;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const id = runv().newId("sweep");
    const create = runv().start(["create", "--bundle", bundle, id], "ignore");
    const killer = setTimeout(() => create.kill("SIGKILL"), (sweep * createMs * sweepEnd) / sweeps);
    const status = await exitStatus(create);
    clearTimeout(killer);
    const expected = status === 0 ? ["created"] : ["stopped", "none"];
    await eventually(async () => expected.includes(await statusOrNone(id)), true);
    await runv().ok(["delete", "--force", id]);
    await eventually(() => leftoversOf(runv(), id), []);
  }
});

test("delete --force kills a create that does not react, and runs its poststop hooks", async () => {
  const id = runv().newId("mute");
  const log = path.join(runv().directory, `${id}.hooks`);
  const hook = (script: string) => ({ path: "/bin/sh", args: ["sh", "-c", script], timeout: 100 });
  const hooks = {
    createRuntime: [hook(`echo createRuntime >>${log}; exec sleep 1000`)],
    poststop: [hook(`echo poststop >>${log}`)],
  };
  const bundle = runv().bundle({ args: ["sleep", "1000000"], hooks });
  const create = runv().start(["create", "--bundle", bundle, id], "ignore");
  await eventually(() => logged(log), "createRuntime\n");
  create.kill("SIGSTOP");
  await runv().ok(["delete", "--force", id]);
  expect(await exitStatus(create)).toBe(137);
  expect(logged(log)).toBe("createRuntime\npoststop\n");
  await eventually(() => leftoversOf(runv(), id), []);
});

/** `create` that died leaves no state once its monitor has undone it, or one that has stopped. */
async function statusOrNone(id: string): Promise<string> {
  const { status, stdout } = await runv().run(["state", id]);
  if (status !== 0) return "none";
  return /"status": "(\w+)"/.exec(stdout)?.[1] ?? stdout;
}

function logged(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

leavesNothing(runv);
