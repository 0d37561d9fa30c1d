import { readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { vmDirectory } from "../../runtime/src/state/vm-directory.ts";
import { countsOf, hostInventory } from "../harness/host-inventory.ts";
import { eventually, leavesNothing, useRunv } from "../harness/leftovers.ts";
import { caseCount } from "../harness/sample.ts";

const lifecycles = caseCount({ sample: 10, full: 300 });
/** Ends what hangs: boots under emulation take seconds. */
const deadlineMs = 3 * 60 * 60_000;
const sleeper = { args: ["sleep", "1000000"] };

const runv = useRunv();

/** Kinds of life, in turn: each leaves nothing. */
const lives: readonly ((id: string, bundle: (args: readonly string[]) => string) => Promise<void>)[] = [
  async (id, bundle) => {
    const { status, stdout } = await runv().run(["run", "--bundle", bundle(["echo", id]), id]);
    expect([status, stdout]).toEqual([0, `${id}\n`]);
  },
  async (id, bundle) => {
    await created(id, bundle(sleeper.args));
    await runv().ok(["start", id]);
    expect(await runv().ok(["exec", id, "echo", "there"])).toBe("there\n");
    await runv().ok(["kill", id, "KILL"]);
    await eventually(async () => runv().status(id), "stopped");
    await runv().ok(["delete", id]);
  },
  async (id, bundle) => {
    await created(id, bundle(sleeper.args));
    await runv().ok(["delete", id]);
  },
  async (id, bundle) => {
    await runv().detached(["run", "--detach", "--bundle", bundle(sleeper.args), id], id);
    await runv().detached(["exec", "--detach", id, "sleep", "1000000"], `${id}-exec`);
    await runv().ok(["delete", "--force", id]);
  },
  async (id, bundle) => {
    const { status, stderr } = await runv().run(["run", "--bundle", bundle(["no-such-program"]), id]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("executable file not found in $PATH")]);
  },
  async (id, bundle) => {
    await created(id, bundle(["sh", "-c", "exit 3"]));
    await runv().ok(["start", id]);
    await eventually(async () => runv().status(id), "stopped");
    await runv().ok(["delete", id]);
  },
];

async function created(id: string, bundle: string): Promise<void> {
  const outcome = await runv().detached(["create", "--bundle", bundle, id], id);
  expect(outcome).toEqual({ status: 0, stdout: "", stderr: "" });
}

test(`${lifecycles} lifecycles in a row leave the host as it was`, { timeout: deadlineMs }, async () => {
  const ids = Array.from({ length: lifecycles }, () => runv().newId("life"));
  const scratch = runv().env["RUNV_SCRATCH_DIR"] ?? "";
  const look = {
    marks: [path.basename(runv().directory), ...ids.map((id) => path.basename(vmDirectory(runv().root, id)))],
    directories: [runv().root],
  };
  const before = { ...hostInventory(look), scratch: disksIn(scratch) };
  for (const [index, id] of ids.entries()) {
    const bundle = (args: readonly string[]): string => runv().bundle({ args });
    await lives[index % lives.length]?.(id, bundle);
  }
  await eventually(() => ({ ...hostInventory(look), scratch: disksIn(scratch) }), before);
  console.log(`${lifecycles} lifecycles, before and after: ${JSON.stringify(countsOf(before))}`);
});

function disksIn(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => !name.endsWith(".template"));
}

leavesNothing(runv);
