import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { caseCount } from "../harness/sample.ts";
import type { Bed } from "./harness/bed.ts";
import { defaultConfig } from "./harness/config.ts";
import { ociSuite } from "./harness/suite.ts";

ociSuite("exec", ({ each, test }) => {
  each(
    [0, 42, 255],
    (status) => `exits with the process's status: ${status}`,
    async (bed, status) => {
      const outcome = await bed.verb(["exec", await bed.start(), "sh", "-c", `exit ${status}`]);
      expect([outcome.status, outcome.stderr]).toEqual([status, ""]);
    },
  );

  test("128 + the signal that kills it", async (bed) => {
    const outcome = await bed.verb(["exec", await bed.start(), "sh", "-c", "kill -KILL $$"]);
    expect(outcome.status).toBe(137);
  });

  test("user, cwd and environment by flags", async (bed) => {
    const script = "id -u; id -g; pwd; echo $A";
    const flags = ["--user", "1000:100", "--cwd", "/tmp", "--env", "A=b c"];
    const outcome = await bed.must("exec", ...flags, await bed.start(), "/bin/sh", "-c", script);
    expect(outcome).toBe("1000\n100\n/tmp\nb c\n");
  });

  const additionalGids = async (bed: Bed) => {
    const flags = ["--user", "1000:100", "--additional-gids", "7"];
    expect(await bed.must("exec", ...flags, await bed.start(), "id", "-G")).toBe("100 7\n");
  };
  test("additional groups by a flag", additionalGids, "additional-gids");

  test("flags after the container belong to the command", async (bed) => {
    expect(await bed.must("exec", await bed.start(), "echo", "--user", "-e", "x")).toBe("--user -e x\n");
  });

  test("process.json in place of the flags", async (bed) => {
    const file = bed.path("process.json");
    const process = { ...defaultConfig().process, args: ["sh", "-c", "id -u; pwd"], cwd: "/var" };
    writeFileSync(file, JSON.stringify({ ...process, user: { uid: 33, gid: 33 } }));
    expect(await bed.must("exec", "--process", file, await bed.start())).toBe("33\n/var\n");
  });

  test("stdin, stdout and stderr are its own", async (bed) => {
    const id = await bed.start();
    const outcome = await bed.verb(["exec", id, "sh", "-c", "cat; echo err >&2"], { stdin: "in\n" });
    expect(outcome).toEqual({ status: 0, stdout: "in\n", stderr: "err\n" });
  });

  test("it is in the container's namespaces", async (bed) => {
    const id = await bed.start((config) => (config.hostname = "inside"));
    expect(await bed.must("exec", id, "sh", "-c", "hostname; cat /proc/1/comm")).toBe("inside\nsleep\n");
  });

  test("--detach --pid-file: returns while it runs", async (bed) => {
    const id = await bed.start();
    const file = bed.path("exec.pid");
    const script = '"$@" >/dev/null 2>&1';
    const argv = bed.argv("exec", "--detach", "--pid-file", file, id, "sleep", "1000");
    execFileSync("sh", ["-c", script, "sh", ...argv]);
    const pid = readFileSync(file, "utf8");
    expect(pid).toMatch(/^\d+$/);
    expect(JSON.parse(await bed.must("ps", "--format", "json", id))).toContain(Number(pid));
  });

  test("many at once", async (bed) => {
    const id = await bed.start();
    const numbers = Array.from({ length: caseCount({ sample: 5, full: 20 }) }, (_unused, index) =>
      String(index),
    );
    const outcomes = await Promise.all(
      numbers.map(async (number) => bed.verb(["exec", id, "sh", "-c", `echo ${number}; exit ${number}`])),
    );
    expect(outcomes.map(({ stdout }) => stdout)).toEqual(numbers.map((number) => `${number}\n`));
    expect(outcomes.map(({ status }) => String(status))).toEqual(numbers);
  });
});
