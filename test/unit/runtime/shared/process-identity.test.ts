import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { identifyProcess, isAlive, parseProcStat } from "../../../../runtime/src/shared/process-identity.ts";

test("a process is told from a later one with its pid", () => {
  const self = identifyProcess(process.pid);
  expect(self).not.toBeNull();
  if (self === null) return;
  expect(isAlive(self)).toBe(true);
  expect(isAlive({ ...self, startTicks: self.startTicks + 1 })).toBe(false);
});

test("a zombie has ended", async () => {
  // sh stays the parent and never waits: the child is a zombie for as long as sh sleeps.
  const parent = spawn("sh", ["-c", "(exec true) & echo $!; exec sleep 60"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  await expect.poll(() => identifyProcess(pid)).toBeNull();
  parent.kill("SIGKILL");
});

test("no process", () => {
  expect(identifyProcess(2 ** 22 + 1)).toBeNull();
});

test.each([
  ["7 (a) b) c) S 1 " + "0 ".repeat(17) + "99 0", { alive: true, startTicks: 99 }],
  ["7 (sh) Z 1 " + "0 ".repeat(17) + "5 0", { alive: false, startTicks: 5 }],
  ["rubbish", null],
])("%s", (text, expected) => {
  expect(parseProcStat(text)).toEqual(expected);
});
