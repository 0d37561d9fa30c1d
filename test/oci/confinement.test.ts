import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const status = (name: string) => `grep '^${name}:' /proc/self/status | cut -f2`;

ociSuite("process.capabilities", ({ test }) => {
  test("each set holds what config.json says", async (bed) => {
    const kill = 1 << 5;
    const chown = 1 << 0;
    const hex = (mask: number) => mask.toString(16).padStart(16, "0");
    const { stdout } = await bed.sh(
      ["CapBnd", "CapPrm", "CapEff", "CapInh", "CapAmb"].map(status).join(";"),
      (config) => {
        config.process.user = { uid: 0, gid: 0 };
        config.process.capabilities = {
          bounding: ["CAP_CHOWN", "CAP_KILL"],
          permitted: ["CAP_CHOWN", "CAP_KILL"],
          effective: ["CAP_CHOWN", "CAP_KILL"],
        };
      },
    );
    expect(stdout.trimEnd().split("\n")).toEqual([
      hex(kill | chown),
      hex(kill | chown),
      hex(kill | chown),
      hex(0),
      hex(0),
    ]);
  });

  test("an unprivileged user has none in effect", async (bed) => {
    const { stdout } = await bed.sh(status("CapEff"), (config) => {
      config.process.user = { uid: 1000, gid: 1000 };
    });
    expect(stdout).toBe("0000000000000000\n");
  });

  test("a capability that is not there does not work", async (bed) => {
    const { status: exit, stderr } = await bed.sh("chown 1 /tmp");
    expect([exit, stderr]).toEqual([1, expect.stringContaining("Operation not permitted")]);
  });
});

ociSuite("process.noNewPrivileges", ({ each }) => {
  each([true, false], String, async (bed, value) => {
    const { stdout } = await bed.sh(
      status("NoNewPrivs"),
      (config) => (config.process.noNewPrivileges = value),
    );
    expect(stdout).toBe(value ? "1\n" : "0\n");
  });
});

ociSuite("process.rlimits", ({ test }) => {
  test("soft and hard", async (bed) => {
    const { stdout } = await bed.sh("ulimit -Sn; ulimit -Hn; ulimit -Sc", (config) => {
      config.process.rlimits = [
        { type: "RLIMIT_NOFILE", soft: 123, hard: 456 },
        { type: "RLIMIT_CORE", soft: 0, hard: 0 },
      ];
    });
    expect(stdout).toBe("123\n456\n0\n");
  });
});

ociSuite("process.oomScoreAdj", ({ test }) => {
  test("is the process's", async (bed) => {
    const { stdout } = await bed.sh(
      "cat /proc/self/oom_score_adj",
      (config) => (config.process.oomScoreAdj = 345),
    );
    expect(stdout).toBe("345\n");
  });
});

ociSuite("descriptors", ({ test }) => {
  test("the process has stdin, stdout and stderr, and no other", async (bed) => {
    // The shell's own listing opens one more: ls reads the directory through 3.
    const { stdout } = await bed.run((config) => (config.process.args = ["ls", "/proc/self/fd"]));
    expect(stdout).toBe("0\n1\n2\n3\n");
  });
});
