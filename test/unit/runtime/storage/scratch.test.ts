import { execFileSync } from "node:child_process";
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifyProcess } from "../../../../runtime/src/shared/process-identity.ts";
import { createScratchDisk } from "../../../../runtime/src/storage/scratch.ts";

let directory = "";
const signal = new AbortController().signal;
const programs = {};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "runv-scratch-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** e2fsck's own word: 0 is clean. */
function check(descriptor: number): string {
  return execFileSync("/usr/sbin/e2fsck", ["-fn", `/proc/${process.pid}/fd/${descriptor}`], {
    encoding: "utf8",
  });
}

test("a scratch disk is a clean file system of the size asked for, sparse, without a name", async () => {
  const disk = await createScratchDisk({ sizeMib: 512, directory, programs, signal });
  try {
    const { size, blocks, nlink } = fstatSync(disk.descriptor);
    expect(size).toBe(512 * 1_048_576);
    expect(blocks * 512).toBeLessThan(4 * 1_048_576);
    expect(nlink).toBe(0);
    expect(readlinkSync(`/proc/self/fd/${disk.descriptor}`)).toContain("(deleted)");
    expect(check(disk.descriptor)).toContain("11/");
  } finally {
    closeSync(disk.descriptor);
  }
});

test("the second disk of a size comes from the template and is as clean", async () => {
  closeSync((await createScratchDisk({ sizeMib: 64, directory, programs, signal })).descriptor);
  const names = readdirSync(directory);
  expect(names).toHaveLength(1);
  const second = await createScratchDisk({ sizeMib: 64, directory, programs, signal });
  try {
    expect(check(second.descriptor)).toContain("11/");
    expect(readdirSync(directory)).toEqual(names);
  } finally {
    closeSync(second.descriptor);
  }
});

test("a template that was cut short or damaged is made anew", async () => {
  closeSync((await createScratchDisk({ sizeMib: 64, directory, programs, signal })).descriptor);
  const [name] = readdirSync(directory);
  for (const damage of ["", "[[0,4096]]\nshort", "not json\n", '[["a",1]]\n']) {
    writeFileSync(join(directory, name ?? ""), damage);
    const disk = await createScratchDisk({ sizeMib: 64, directory, programs, signal });
    try {
      expect(check(disk.descriptor)).toContain("11/");
    } finally {
      closeSync(disk.descriptor);
    }
  }
});

test("a directory that cannot be made is an error that names it", async () => {
  const file = join(directory, "file");
  writeFileSync(file, "");
  await expect(
    createScratchDisk({ sizeMib: 64, directory: join(file, "below"), programs, signal }),
  ).rejects.toThrow(`${file}/below`);
});

test("what a killed verb left in the middle of formatting goes with the next disk; what a living one makes stays", async () => {
  const self = identifyProcess(process.pid)?.startTicks ?? 0;
  const [abandoned, busy] = [`~${process.pid}-${self - 1}-1.raw`, `~${process.pid}-${self}-1.raw`];
  for (const name of [abandoned, busy]) writeFileSync(join(directory, name), "");
  closeSync((await createScratchDisk({ sizeMib: 64, directory, programs, signal })).descriptor);
  const names = readdirSync(directory);
  expect(names).toContain(busy);
  expect(names).not.toContain(abandoned);
});

test("at no moment does a disk have a name that a killed verb could leave", async () => {
  closeSync((await createScratchDisk({ sizeMib: 64, directory, programs, signal })).descriptor);
  const seen: string[] = [];
  const watcher = watch(directory, (event, name) => {
    // "rename": a name appears or disappears.
    if (event === "rename") seen.push(name ?? "");
  });
  try {
    closeSync((await createScratchDisk({ sizeMib: 64, directory, programs, signal })).descriptor);
    // Events come in order: with this one, all of the disk's have been seen.
    writeFileSync(join(directory, "last"), "");
    await expect.poll(() => seen).toContain("last");
    expect(new Set(seen)).toEqual(new Set(["last"]));
  } finally {
    watcher.close();
  }
});
