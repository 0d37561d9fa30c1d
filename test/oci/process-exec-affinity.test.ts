import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const allowed = "grep Cpus_allowed_list /proc/self/status | cut -f2";

ociSuite("process.execCPUAffinity", ({ test, each }) => {
  test("is about further processes, and not about the first", async (bed) => {
    const outcome = await bed.sh(allowed, (config) => {
      config.process.execCPUAffinity = { initial: "0", final: "0" };
    });
    expect([outcome.status, outcome.stderr]).toEqual([0, ""]);
    expect(outcome.stdout).not.toBe("");
  });

  test(
    "an exec runs where it says",
    async (bed) => {
      const id = await bed.start((config) => (config.process.execCPUAffinity = { final: "0" }));
      expect(await bed.must("exec", id, "sh", "-c", allowed)).toBe("0\n");
    },
    "exec-affinity",
  );

  test(
    "processors that are not there are an error",
    async (bed) => {
      const id = await bed.start((config) => (config.process.execCPUAffinity = { final: "1000" }));
      const outcome = await bed.verb(["exec", id, "true"]);
      expect(outcome.status).toBe(255);
      expect(outcome.stderr).toMatch(/execCPUAffinity/);
    },
    "exec-affinity",
  );

  each(
    ["x", "3-1", "1-", "5000"],
    (list) => `${list} is refused`,
    async (bed, list) => {
      const outcome = await bed.sh("true", (config) => (config.process.execCPUAffinity = { initial: list }));
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toMatch(/process\.execCPUAffinity\.initial/);
    },
    () => "exec-affinity",
  );
});
