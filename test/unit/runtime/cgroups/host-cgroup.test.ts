import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import {
  hostCgroupDirectories,
  makeHostCgroup,
  removeHostCgroup,
} from "../../../../runtime/src/cgroups/host-cgroup.ts";
import { withTemporaryDirectory } from "../../../harness/temporary-directory.ts";

test("what was made before a failure is removed again", async () => {
  await withTemporaryDirectory(async (directory) => {
    const first = path.join(directory, "first/c1");
    writeFileSync(path.join(directory, "file"), "");
    expect(() => makeHostCgroup([first, path.join(directory, "file/c1")])).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^cgroup: cannot be made: ENOTDIR/) as string,
      }),
    );
    expect(existsSync(first)).toBe(false);
    await Promise.resolve();
  });
});

test("only new directories are reported, and removed; missing ones and full ones are no error", async () => {
  await withTemporaryDirectory(async (directory) => {
    const [own, other] = [path.join(directory, "own"), path.join(directory, "other")];
    mkdirSync(path.join(other, "in-it"), { recursive: true });
    expect(makeHostCgroup([own, other])).toEqual([own]);
    await removeHostCgroup([own, other, path.join(directory, "missing")]);
    expect([existsSync(own), existsSync(other)]).toEqual([false, true]);
  });
});

test("a cgroup that a process is in stays, and is named", async () => {
  const [busy, empty] = hostCgroupDirectories(`/runv-test-${process.pid}/busy`)
    .slice(0, 1)
    .flatMap((directory) => [directory, path.join(path.dirname(directory), "empty")]) as [string, string];
  const made = makeHostCgroup([busy, empty]);
  const child = spawn("sleep", ["1000"]);
  try {
    writeFileSync(path.join(busy, "cgroup.procs"), String(child.pid));
    expect(await removeHostCgroup(made, { timeoutMs: 50 })).toEqual([busy]);
    expect([existsSync(busy), existsSync(empty)]).toEqual([true, false]);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await removeHostCgroup([busy, path.dirname(busy)])).toEqual([]);
  }
});
