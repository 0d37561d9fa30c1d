import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { hostProgram } from "../harness/host-program.ts";
import { eventually, leavesNothing, useRunv } from "../harness/leftovers.ts";
import { exitStatus } from "../harness/runv.ts";

const runv = useRunv();
let subreaper = "";
beforeAll(async () => {
  subreaper = await hostProgram("subreaper");
});

/** Runs a verb below a subreaper. @returns the pid in the verb's pid file, and what the subreaper has waited for at its end */
async function below(args: (pidFile: string) => readonly string[]) {
  const pidFile = path.join(runv().directory, "pid");
  const report = path.join(runv().directory, "reaped");
  const file = openSync(report, "w");
  const reaper = spawn(subreaper, runv().argv(args(pidFile)), {
    stdio: ["ignore", file, "inherit"],
    env: runv().env,
  });
  closeSync(file);
  const reaped = () =>
    readFileSync(report, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line || "null") as unknown);
  // The verb itself is the first to end; its pid file is complete then.
  await eventually(() => reaped()[0] !== null, true);
  const pid = Number(readFileSync(pidFile, "utf8"));
  return {
    pid,
    ended: async () => {
      expect(await exitStatus(reaper)).toBe(0);
      return reaped();
    },
  };
}

test.each([
  { what: "an exit status", script: "exit 42", signal: null, status: 42 },
  { what: "a signal", script: "exec sleep 1000000", signal: "KILL", status: 128 + 9 },
])("a subreaper gets the process's status from the pid: $what", async ({ script, signal, status }) => {
  const id = runv().newId();
  const bundle = runv().bundle({ args: ["sh", "-c", script] });
  const { pid, ended } = await below((pidFile) => ["create", "--bundle", bundle, "--pid-file", pidFile, id]);
  expect(pid).toBe(await runv().pid(id));
  await runv().ok(["start", id]);
  if (signal !== null) await runv().ok(["kill", id, signal]);
  const [verb, ...others] = await ended();
  expect(verb).toMatchObject({ exitCode: 0, signal: 0 });
  expect(others).toContainEqual({ pid, exitCode: status, signal: 0 });
  // The monitor is the caller's child, too.
  expect(others).toHaveLength(2);
  await runv().ok(["delete", id]);
});

test("a detached exec is waited for in the same way", async () => {
  const id = await runv().running();
  const { pid, ended } = await below((pidFile) => [
    "exec",
    "--detach",
    "--pid-file",
    pidFile,
    id,
    "sh",
    "-c",
    "sleep 1; exit 7",
  ]);
  expect(await ended()).toEqual([expect.objectContaining({ exitCode: 0 }), { pid, exitCode: 7, signal: 0 }]);
  await runv().ok(["delete", "--force", id]);
});

leavesNothing(runv);
