import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const asContainerd = ["--image-path", "/none", "--work-path", "/none", "--leave-running"];

ociSuite("checkpoint and restore", ({ test }) => {
  test(
    "checkpoint fails with a reason, and the container goes on",
    async (bed) => {
      const id = await bed.start();
      const outcome = await bed.verb(["checkpoint", ...asContainerd, id]);
      expect(outcome.status).toBe(1);
      expect(outcome.stdout).toBe("");
      expect(outcome.stderr).toMatch(/checkpoint: not supported: ./);
      expect(await bed.statusOf(id)).toBe("running");
    },
    "no-checkpoints",
  );

  test(
    "restore fails with a reason, and makes nothing",
    async (bed) => {
      const id = bed.newId();
      const flags = ["--image-path", "/none", "--detach", "-no-subreaper", "--bundle", bed.bundle()];
      const outcome = await bed.verb(["restore", ...flags, id]);
      expect([outcome.status, outcome.stdout]).toEqual([1, ""]);
      expect(outcome.stderr).toMatch(/restore: not supported: ./);
      expect((await bed.verb(["state", id])).status).toBe(1);
    },
    "no-checkpoints",
  );
});
