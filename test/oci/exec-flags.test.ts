import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const status = (name: string) => ["grep", `^${name}:`, "/proc/self/status"];

ociSuite("exec flags about rights", ({ test, each }) => {
  test(
    "--cap adds to the sets of config.json",
    async (bed) => {
      const id = await bed.start((config) => {
        config.process.capabilities = {
          bounding: ["CAP_KILL"],
          permitted: ["CAP_KILL"],
          effective: ["CAP_KILL"],
        };
      });
      const outcome = await bed.must("exec", "--cap", "CAP_CHOWN", id, ...status("CapEff"));
      expect(outcome).toBe("CapEff:\t0000000000000021\n");
    },
    "exec-caps",
  );

  test(
    "--cap with a name that does not exist is an error",
    async (bed) => {
      const outcome = await bed.verb(["exec", "--cap", "CAP_FLY", await bed.start(), "true"]);
      expect(outcome.status).toBe(255);
      expect(outcome.stderr).toMatch(/CAP_FLY/);
    },
    "strict-exec-flags",
  );

  test("--no-new-privs", async (bed) => {
    const id = await bed.start((config) => (config.process.noNewPrivileges = false));
    expect(await bed.must("exec", id, ...status("NoNewPrivs"))).toBe("NoNewPrivs:\t0\n");
    expect(await bed.must("exec", "--no-new-privs", id, ...status("NoNewPrivs"))).toBe("NoNewPrivs:\t1\n");
  });

  test("--env more than once, the last of a name counts", async (bed) => {
    const id = await bed.start((config) => config.process.env.push("A=config"));
    const flags = ["--env", "A=1", "--env", "B=2", "--env", "A=3"];
    expect(await bed.must("exec", ...flags, id, "/bin/sh", "-c", "echo $A $B")).toBe("3 2\n");
  });

  test(
    "--user keeps the group of config.json without one",
    async (bed) => {
      const id = await bed.start((config) => (config.process.user = { uid: 5, gid: 6 }));
      expect(await bed.must("exec", "--user", "7", id, "/bin/sh", "-c", "id -u; id -g")).toBe("7\n6\n");
    },
    "exec-user",
  );

  each(
    ["name", "-1", "1:", ""],
    (user) => `--user ${JSON.stringify(user)} is ${user === "" ? "none" : "an error"}`,
    async (bed, user) => {
      const outcome = await bed.verb(["exec", `--user=${user}`, await bed.start(), "true"]);
      expect(outcome.status).toBe(user === "" ? 0 : 255);
    },
    (user) => (user === "" ? undefined : "strict-exec-flags"),
  );

  test(
    "--ignore-paused is for a container that runs, too",
    async (bed) => {
      expect(await bed.must("exec", "--ignore-paused", await bed.start(), "echo", "ran")).toBe("ran\n");
    },
    "ignore-paused",
  );
});
