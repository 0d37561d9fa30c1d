import { type ChildProcess, spawn } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { leavesNothing, useRunv } from "../harness/leftovers.ts";
import { caseCount } from "../harness/sample.ts";

const runv = useRunv();
const boots = caseCount({ sample: 3, full: 200 });
const perBootMs = 60_000;
/** Far above what a boot takes on a loaded host, and far below the default: one that hangs is found. */
const bootTimeoutMs = 45_000;

/** Keeps a processor busy: clocks are calibrated while others are at work. It ends with this process, however that ends. */
let busy: ChildProcess | null = null;
beforeAll(() => {
  busy = spawn("sh", ["-c", 'while kill -0 "$0"; do :; done', `${process.pid}`], { stdio: "ignore" });
});
afterAll(() => {
  busy?.kill("SIGKILL");
});

test.each(["microvm", "q35", "pc"])(
  `%s boots every time, ${boots} times, while a processor is busy`,
  async (machine) => {
    const bundle = runv().bundle({ args: ["sh", "-c", "echo up"] });
    const failed: string[] = [];
    for (let boot = 0; boot < boots; boot++) {
      const outcome = await runv().run(["run", "--bundle", bundle, runv().newId()], {
        env: { RUNV_MACHINE: machine, RUNV_BOOT_TIMEOUT_MS: `${bootTimeoutMs}` },
      });
      if (outcome.status !== 0 || outcome.stdout !== "up\n") failed.push(`${boot}: ${outcome.stderr}`);
    }
    expect(failed).toEqual([]);
  },
  boots * perBootMs,
);

leavesNothing(runv);
