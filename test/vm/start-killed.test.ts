import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { eventually, leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import { exitStatus } from "../harness/runv.ts";
import { caseCount } from "../harness/sample.ts";

const moments = caseCount({ sample: 6, full: 60 });
/** The last kills come a little later than an undisturbed start takes. */
const sweepEnd = 1.1;

/** A process that has ended: pids end at 2^22. */
const ended = { pid: 4_194_304, startTicks: 1 };

const runv = useRunv();

test(`SIGKILL of start at ${moments} moments: state says created or running, as it is`, async () => {
  const measured = await runv().create({ args: ["sleep", "1000000"] });
  const startedMs = performance.now();
  await runv().ok(["start", measured]);
  const startMs = performance.now() - startedMs;
  for (let moment = 0; moment < moments; moment++) {
    const id = await runv().create({ args: ["sh", "-c", "echo up; exec sleep 1000000"] });
    const start = runv().start(["start", id], "ignore");
    const killer = setTimeout(() => start.kill("SIGKILL"), (moment * startMs * sweepEnd) / moments);
    await exitStatus(start);
    clearTimeout(killer);
    await expectTruth(id);
  }
});

test.each([true, false])(
  "a start that was killed before it wrote down the answer: asked the guest: %s",
  async (asked) => {
    const id = await runv().create({ args: ["sh", "-c", "echo up; exec sleep 1000000"] });
    if (asked) await runv().ok(["start", id]);
    if (asked) await eventually(() => output(id), "up\n");
    const file = path.join(runv().root, id, "state.json");
    const record = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...record, started: false, starter: ended }));
    await expectTruth(id);
  },
);

/** What the state says is what the container's output says, and every verb goes by it. */
async function expectTruth(id: string): Promise<void> {
  // A question that overtook the last words of the killed verb is answered anew.
  await eventually(
    async () => (await runv().status(id)) === (output(id) === "" ? "created" : "running"),
    true,
  );
  const status = await runv().status(id);
  expect(await runv().ok(["list"])).toMatch(new RegExp(`${id} .*${status}`));
  if (status === "running") {
    expect((await runv().run(["start", id])).stderr).toContain("cannot start an already running container");
    expect((await runv().run(["delete", id])).stderr).toContain("that is not stopped: running");
  } else {
    await runv().ok(["start", id]);
    await eventually(() => output(id), "up\n");
    expect(await runv().status(id)).toBe("running");
  }
  await runv().ok(["delete", "--force", id]);
  expect(leftoversOf(runv(), id)).toEqual([]);
}

function output(id: string): string {
  return readFileSync(path.resolve(runv().output(id)), "utf8");
}

leavesNothing(runv);
