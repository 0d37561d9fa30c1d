import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

ociSuite("linux.personality", ({ test, each }) => {
  each(
    [
      ["LINUX32", "i686"],
      ["LINUX", "x86_64"],
    ] as const,
    ([domain]) => `${domain}: for the process`,
    async (bed, [domain, machine]) => {
      const outcome = await bed.sh("uname -m", (config) => (config.linux.personality = { domain }));
      expect(outcome).toEqual({ status: 0, stdout: `${machine}\n`, stderr: "" });
    },
    () => "personality",
  );

  test(
    "for further processes",
    async (bed) => {
      const id = await bed.start((config) => (config.linux.personality = { domain: "LINUX32" }));
      expect(await bed.must("exec", id, "uname", "-m")).toBe("i686\n");
    },
    "exec-personality",
  );

  test(
    "a domain that does not exist is refused",
    async (bed) => {
      const outcome = await bed.sh("true", (config) => (config.linux.personality = { domain: "SOLARIS" }));
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toMatch(/personality|persona/);
    },
    "personality",
  );
});
