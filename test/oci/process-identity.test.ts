import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import { ociSuite } from "./harness/suite.ts";

ociSuite("process.user", ({ test }) => {
  test("uid, gid and additional groups", async (bed) => {
    const { stdout } = await bed.sh("id -u; id -g; id -G", (config) => {
      config.process.user = { uid: 1234, gid: 567, additionalGids: [5, 99] };
    });
    expect(stdout).toBe("1234\n567\n567 5 99\n");
  });

  test("the umask is 0022 unless one is given", async (bed) => {
    expect((await bed.sh("umask")).stdout).toBe("0022\n");
    const { stdout } = await bed.sh("umask", (config) => (config.process.user.umask = 0o027));
    expect(stdout).toBe("0027\n");
  });
});

ociSuite("HOME", ({ each }) => {
  each(
    [
      { what: "comes from the passwd entry", uid: 0, env: [], home: "/root" },
      { what: "is / without a passwd entry", uid: 4711, env: [], home: "/" },
      { what: "stays when it is given", uid: 0, env: ["HOME=/tmp"], home: "/tmp" },
    ],
    ({ what }) => what,
    async (bed, { uid, env, home }) => {
      const { stdout } = await bed.sh('echo "$HOME"', (config) => {
        config.process.user = { uid, gid: 0 };
        config.process.env.push(...env);
      });
      expect(stdout).toBe(`${home}\n`);
    },
  );
});

ociSuite("process.env and process.args arrive byte for byte", ({ test }) => {
  test("spaces, newlines, quotes, unicode, nothing at all", async (bed) => {
    const odd = ["a b", "", "new\nline", `"'$HOME`, "grün 🚀", "-x"];
    const { stdout } = await bed.run((config) => {
      config.process.args = ["sh", "-c", 'printf "[%s]" "$@" "$ODD"', "sh", ...odd];
      config.process.env.push("ODD=x=y z");
    });
    expect(stdout).toBe([...odd, "x=y z"].map((text) => `[${text}]`).join(""));
  });

  test("nothing of the runtime's own environment", async (bed) => {
    const { stdout } = await bed.run((config) => {
      config.process.args = ["env"];
      config.process.env.push("A=1");
    });
    const names = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names.sort()).toEqual(["A", "HOME", "PATH"]);
  });
});

ociSuite("process.cwd", ({ test }) => {
  test("is made when it is missing", async (bed) => {
    expect((await bed.sh("pwd", (config) => (config.process.cwd = "/a/new/one"))).stdout).toBe(
      "/a/new/one\n",
    );
  });

  const absolute = async (bed: Bed) => {
    const outcome = await bed.sh("pwd", (config) => (config.process.cwd = "tmp"));
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/absolute path/);
  };
  test("must be absolute", absolute, "relative-cwd-refused");
});
