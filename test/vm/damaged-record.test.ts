import { truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { cgroupDirectories, eventually, leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import { piecesOf } from "../harness/vm-pieces.ts";

const runv = useRunv();

/** Ways in which a record gets lost. */
const damages: readonly (readonly [string, (record: string) => void])[] = [
  ["cut off", (record) => truncateSync(record, 40)],
  ["emptied", (record) => truncateSync(record, 0)],
  ["overwritten", (record) => writeFileSync(record, "[]")],
];

test.each(damages)("delete --force ends a running container whose record was %s", async (_how, damage) => {
  const id = await runv().running();
  const { monitor, vmm } = piecesOf(runv(), id);
  damage(path.join(runv().root, id, "state.json"));
  expect((await runv().run(["state", id])).stderr).toContain("delete --force removes it");
  expect((await runv().run(["delete", id])).status).toBe(1);
  expect([monitor, vmm].map(({ pid }) => isThere(pid))).toEqual([true, true]);
  const { status, stderr } = await runv().run(["delete", "--force", id]);
  expect([status, stderr]).toEqual([0, expect.stringContaining("damaged")]);
  expect(leftoversOf(runv(), id)).toEqual([]);
});

test("delete --force finds the cgroup that config.json named, and after the VM's end too", async () => {
  for (const end of [true, false]) {
    const named = runv().newId("named");
    const cgroupsPath = `/runv/${named}`;
    const id = await runv().running({ args: ["sleep", "1000000"], cgroupsPath });
    expect(cgroupDirectories(named).length).toBeGreaterThan(0);
    if (end) {
      await runv().ok(["kill", id, "KILL"]);
      await eventually(async () => runv().status(id), "stopped");
    }
    truncateSync(path.join(runv().root, id, "state.json"), 0);
    await runv().ok(["delete", "--force", id]);
    expect(cgroupDirectories(named)).toEqual([]);
    expect(leftoversOf(runv(), id)).toEqual([]);
  }
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

leavesNothing(runv);
