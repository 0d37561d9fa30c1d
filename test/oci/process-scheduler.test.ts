import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import type { ProcessConfig } from "./harness/config.ts";
import { ociSuite } from "./harness/suite.ts";

/** Policy and real-time priority, and a nice value that was asked for: proc(5), fields 41, 40 and 19 of stat. */
function seen(stat: string, scheduler: ProcessConfig["scheduler"]): string {
  const fields = stat.trim().split(" ");
  const nice = scheduler?.nice === undefined ? [] : [fields[18]];
  return [fields[40], fields[39], ...nice].join(" ");
}

async function runWith(bed: Bed, scheduler: ProcessConfig["scheduler"]) {
  return bed.run((config) => {
    config.process.args = ["cat", "/proc/self/stat"];
    if (scheduler !== undefined) config.process.scheduler = scheduler;
  });
}

ociSuite("process.scheduler", ({ each }) => {
  each(
    [
      { scheduler: { policy: "SCHED_OTHER", nice: 7 }, is: "0 0 7" },
      { scheduler: { policy: "SCHED_BATCH", nice: -3 }, is: "3 0 -3" },
      { scheduler: { policy: "SCHED_IDLE" }, is: "5 0" },
      { scheduler: { policy: "SCHED_FIFO", priority: 12 }, is: "1 12" },
      { scheduler: { policy: "SCHED_RR", priority: 1, flags: ["SCHED_FLAG_RESET_ON_FORK"] }, is: "2 1" },
    ],
    ({ scheduler }) => `${scheduler.policy}: is the process's`,
    async (bed, { scheduler, is }) => {
      const outcome = await runWith(bed, scheduler);
      expect([outcome.stderr, outcome.status]).toEqual(["", 0]);
      expect(seen(outcome.stdout, scheduler)).toBe(is);
    },
    ({ scheduler }) => (scheduler.priority === undefined ? "schedulers" : "real-time-schedulers"),
  );

  each(
    [undefined, { policy: "SCHED_DEADLINE", runtime: 10_000_000, deadline: 30_000_000, period: 30_000_000 }],
    (scheduler) => `${scheduler?.policy ?? "none"}: the process runs`,
    async (bed, scheduler) => {
      const outcome = await runWith(bed, scheduler);
      expect(outcome.stderr).toBe("");
      expect(seen(outcome.stdout, scheduler)).toBe(scheduler === undefined ? "0 0" : "6 0");
    },
    (scheduler) => (scheduler === undefined ? undefined : "real-time-schedulers"),
  );

  each(
    [
      ["a policy that does not exist", { policy: "SCHED_BEST" }],
      ["no policy", { policy: "" }],
      ["a priority for SCHED_OTHER", { policy: "SCHED_OTHER", priority: 3 }],
      ["a deadline for SCHED_FIFO", { policy: "SCHED_FIFO", priority: 1, deadline: 5 }],
      ["a nice value out of range", { policy: "SCHED_OTHER", nice: 20 }],
      ["a flag that does not exist", { policy: "SCHED_OTHER", flags: ["SCHED_FLAG_NEW"] }],
    ] as const,
    ([what]) => `${what} is refused`,
    async (bed, [, scheduler]) => {
      const outcome = await runWith(bed, {
        ...scheduler,
        flags: "flags" in scheduler ? [...scheduler.flags] : [],
      });
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toMatch(/process\.scheduler/);
    },
    () => "checked-schedulers",
  );
});
