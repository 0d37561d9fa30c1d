import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

ociSuite("process.ioPriority", ({ each }) => {
  each(
    [
      { class: "IOPRIO_CLASS_RT", priority: 2, is: "realtime: prio 2" },
      { class: "IOPRIO_CLASS_BE", priority: 6, is: "best-effort: prio 6" },
      { class: "IOPRIO_CLASS_IDLE", priority: 0, is: "idle" },
    ],
    (value) => `${value.class} ${value.priority} is the process's`,
    async (bed, value) => {
      const outcome = await bed.sh("ionice -p $$", (config) => {
        config.process.ioPriority = { class: value.class, priority: value.priority };
      });
      expect(outcome).toEqual({ status: 0, stdout: `${value.is}\n`, stderr: "" });
    },
    () => "io-priority",
  );

  each(
    [
      { class: "IOPRIO_CLASS_BE", priority: 8 },
      { class: "IOPRIO_CLASS_NONE", priority: 1 },
    ],
    (value) => `${value.class} ${value.priority} is refused`,
    async (bed, value) => {
      const outcome = await bed.sh("true", (config) => (config.process.ioPriority = value));
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toMatch(/process\.ioPriority/);
    },
    () => "checked-schedulers",
  );
});
