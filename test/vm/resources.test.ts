import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { eventually, leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import { caseCount } from "../harness/sample.ts";
import { withTemporaryDirectory } from "../harness/temporary-directory.ts";

const descriptorLimits = [10, 16, 20, 24, 28, 32, 40, 48, 64, 128].slice(-caseCount({ sample: 6, full: 10 }));

const runv = useRunv();

/** Runs `work` with a file system that is full after so many KiB. */
async function withSmallDisk<T>(sizeKib: number, work: (directory: string) => Promise<T>): Promise<T> {
  return withTemporaryDirectory(async (directory) => {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeKib}k`, "tmpfs", directory]);
    try {
      return await work(directory);
    } finally {
      execFileSync("umount", [directory]);
    }
  });
}

/** One sentence that a person understands: no stack, no blame on runv. */
function expectClear(error: string): void {
  expect(error).toMatch(/^runv: \S/);
  expect(error.trim().split("\n")).toHaveLength(1);
  expect(error).not.toMatch(/internal error|at \w+ \(|undefined/);
}

test.each(descriptorLimits)(
  "with %i descriptors create works, or says clearly what is missing",
  async (limit) => {
    const id = runv().newId();
    const bundle = runv().bundle({ args: ["sleep", "1000000"] });
    const argv = runv().argv(["create", "--bundle", bundle, id]);
    const outcome = await runv().shell(`ulimit -n ${limit}; exec "$@"`, argv, id);
    if (outcome.status === 0) await runv().ok(["delete", "--force", id]);
    else {
      expect(outcome.status).toBe(1);
      expectClear(outcome.stderr);
      expect(outcome.stderr).toMatch(/EMFILE|too many open files|descriptors/i);
    }
    await eventually(() => leftoversOf(runv(), id), []);
  },
);

test("without room for the scratch disk create says so", async () => {
  const id = runv().newId();
  const bundle = runv().bundle({ args: ["true"] });
  const outcome = await withSmallDisk(64, async (directory) =>
    runv().detached(["create", "--bundle", bundle, id], id, { env: { RUNV_SCRATCH_DIR: directory } }),
  );
  expect(outcome.status).toBe(1);
  expectClear(outcome.stderr);
  expect(outcome.stderr).toMatch(/scratch.*(no space left|ENOSPC)/i);
  expect(leftoversOf(runv(), id)).toEqual([]);
});

test("without qemu-img create names the Debian package that has it", async () => {
  const id = runv().newId();
  const bundle = runv().bundle({ args: ["true"] });
  // As on a host that has all programs but this one, and has never made a scratch disk.
  const programs = runv().mkdir("programs");
  for (const name of readdirSync("/usr/bin"))
    if (name !== "qemu-img") symlinkSync(path.join("/usr/bin", name), path.join(programs, name));
  const [carrier = ""] = (runv().env["PATH"] ?? "").split(":");
  const env = {
    PATH: [programs, ...(carrier.startsWith("/usr") ? [] : [carrier])].join(":"),
    RUNV_SCRATCH_DIR: runv().mkdir("empty-scratch"),
  };
  const outcome = await runv().detached(["create", "--bundle", bundle, id], id, { env });
  expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringContaining("Debian package qemu-utils")]);
  expectClear(outcome.stderr);
  expect(leftoversOf(runv(), id)).toEqual([]);
});

test("without room for the state create says so", async () => {
  const id = runv().newId();
  const bundle = runv().bundle({ args: ["true"] });
  await withSmallDisk(16, async (directory) => {
    await expect(writeFile(path.join(directory, "filler"), Buffer.alloc(65_536))).rejects.toThrow("ENOSPC");
    const outcome = await runv().run([
      "--root",
      path.join(directory, "state"),
      "create",
      "--bundle",
      bundle,
      id,
    ]);
    expect(outcome.status).toBe(1);
    expectClear(outcome.stderr);
    expect(outcome.stderr).toMatch(/no space left|ENOSPC/i);
  });
});

test("a guest whose scratch is full fails alone", async () => {
  const id = runv().newId();
  const script = "dd if=/dev/zero of=/file bs=1M count=64 conv=fsync 2>&1; echo status $?";
  const bundle = runv().bundle({ args: ["sh", "-c", script] });
  const outcome = await withSmallDisk(8192, async (directory) =>
    runv().run(["run", "--bundle", bundle, id], {
      env: { RUNV_SCRATCH_DIR: directory, RUNV_SCRATCH_MIB: "128" },
    }),
  );
  expect(outcome).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/(I\/O error|Input\/output error|No space left)[^]*status 1/) as string,
  });
  await eventually(() => leftoversOf(runv(), id), []);
});

test("without memory for the VMM create says so", async (context) => {
  const hierarchy = "/sys/fs/cgroup/memory";
  if (!existsSync(path.join(hierarchy, "memory.limit_in_bytes")))
    return context.skip("the host has no memory controller of cgroup v1");
  const id = runv().newId();
  const cgroup = path.join(hierarchy, "runv", id);
  mkdirSync(cgroup, { recursive: true });
  writeFileSync(path.join(cgroup, "memory.limit_in_bytes"), `${24 * 1_048_576}`);
  const bundle = runv().bundle({ args: ["true"] });
  const outcome = await runv().detached(["create", "--bundle", bundle, id], id);
  // Made here, so it is not runv's to remove when the create fails.
  if (existsSync(cgroup)) rmdirSync(cgroup);
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toMatch(
    /killed by signal 9|memory|the virtual machine ended before its agent answered/,
  );
  await eventually(() => leftoversOf(runv(), id), []);
});

leavesNothing(runv);
