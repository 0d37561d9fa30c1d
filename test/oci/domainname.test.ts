import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

ociSuite("domainname", ({ test }) => {
  test(
    "is that of the container's uts namespace",
    async (bed) => {
      const outcome = await bed.sh(
        "cat /proc/sys/kernel/domainname",
        (config) => (config.domainname = "inside.example"),
      );
      expect(outcome).toEqual({ status: 0, stdout: "inside.example\n", stderr: "" });
    },
    "domainname",
  );

  test(
    "needs one",
    async (bed) => {
      const outcome = await bed.sh("true", (config) => {
        config.domainname = "inside.example";
        config.hostname = "";
        config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "uts");
      });
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toMatch(/domain/);
    },
    "domainname",
  );
});
