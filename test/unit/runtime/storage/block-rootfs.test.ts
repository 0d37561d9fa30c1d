import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BlockWritesChoice } from "../../../../runtime/src/config/choices.ts";
import { blockRootfs } from "../../../../runtime/src/storage/block-rootfs.ts";

let directory = "";
let image = "";
let mountPoint = "";

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "runv-block-"));
  image = path.join(directory, "image");
  mountPoint = path.join(directory, "mounted");
  mkdirSync(mountPoint);
  execFileSync("mke2fs", ["-q", "-t", "ext4", image, "8m"]);
});

afterEach(() => {
  execFileSync("sh", ["-c", `! mountpoint -q ${mountPoint} || umount ${mountPoint}`]);
  rmSync(directory, { recursive: true });
});

/** What the plan makes of it; the disk is closed at once. */
async function outcome(rootfs: string, writes: BlockWritesChoice): Promise<string> {
  const plan = blockRootfs(writes).plan({
    container: "c",
    rootfs,
    readonly: false,
    signal: new AbortController().signal,
  });
  return plan.then(
    ({ disk }) => {
      if (disk !== null) closeSync(disk.descriptor);
      return disk?.readonly === true ? "read" : "written";
    },
    (error: unknown) => String(error),
  );
}

function mountImage(...options: string[]): string {
  execFileSync("mount", ["-o", ["loop", ...options].join(), image, mountPoint]);
  return execFileSync("findmnt", ["-no", "SOURCE", mountPoint], { encoding: "utf8" }).trim();
}

test("an image that nobody uses", async () => {
  expect(await outcome(image, "scratch")).toBe("read");
  expect(await outcome(image, "disk")).toBe("written");
});

describe("a file system that this host has mounted writable is not given out", () => {
  test.each(["scratch", "disk"] as const)("writes to the %s", async (writes) => {
    const device = mountImage();
    expect(await outcome(image, writes)).toContain(`this host has it mounted on ${mountPoint}, writable`);
    expect(await outcome(device, writes)).toContain(`this host has it mounted on ${mountPoint}, writable`);
    expect(await outcome(mountPoint, writes)).toContain("this host has it mounted");
  });
});

test("one that is mounted read-only is read, and never written", async () => {
  const device = mountImage("ro");
  for (const rootfs of [image, device, mountPoint]) {
    expect(await outcome(rootfs, "scratch")).toBe("read");
    expect(await outcome(rootfs, "disk")).toContain("this host has it mounted");
  }
});

test("an image that needs another file is refused", async () => {
  const overlay = path.join(directory, "overlay");
  execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", "-b", image, "-F", "raw", overlay]);
  expect(await outcome(overlay, "scratch")).toContain("the image needs another file");
});
