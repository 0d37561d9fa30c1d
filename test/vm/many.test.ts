import { expect, test } from "vitest";
import { eventually, leavesNothing, useRunv } from "../harness/leftovers.ts";
import { caseCount } from "../harness/sample.ts";

const count = caseCount({ sample: 4, full: 20 });

const runv = useRunv();

test(`${count} containers started at once all run`, async () => {
  const ids = Array.from({ length: count }, () => runv().newId());
  const bundle = runv().bundle({ args: ["sh", "-c", "echo up; exec sleep 1000000"] });
  const outcomes = await Promise.all(
    ids.map(async (id) => runv().detached(["run", "--detach", "--bundle", bundle, id], id)),
  );
  expect(outcomes.map(({ status, stderr }) => [status, stderr])).toEqual(ids.map(() => [0, ""]));
  const listed = await runv().ok(["list"]);
  for (const id of ids) expect(listed).toMatch(new RegExp(`^${id} +\\d+ +running `, "m"));
  expect((await runv().ok(["list", "--quiet"])).trim().split("\n").sort()).toEqual([...ids].sort());
  await Promise.all(ids.map(async (id) => runv().ok(["kill", id, "KILL"])));
  for (const id of ids) await eventually(async () => runv().status(id), "stopped");
  await Promise.all(ids.map(async (id) => runv().ok(["delete", id])));
  expect(await runv().ok(["list", "--quiet"])).toBe("");
});

leavesNothing(runv);
