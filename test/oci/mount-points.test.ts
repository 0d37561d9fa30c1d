import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const tmpfs = (destination: string) => ({ destination, type: "tmpfs", source: "tmpfs" });
const places = `awk '{ print $5 }' /proc/self/mountinfo`;

ociSuite("places of mounts", ({ test }) => {
  test("a directory that is not there is made", async (bed) => {
    const { stdout, stderr } = await bed.sh("stat -f -c %T /a/b/c; stat -c %a /a/b", (config) => {
      config.mounts.push(tmpfs("/a/b/c"));
    });
    // crun makes them sticky.
    expect([stderr, stdout.replace("\n1755", "\n755")]).toEqual(["", "tmpfs\n755\n"]);
  });

  test("for a file a file is made", async (bed) => {
    writeFileSync(bed.path("note"), "text\n");
    const { stdout, stderr } = await bed.sh("cat /a/note; test -f /a/note", (config) => {
      config.mounts.push({
        destination: "/a/note",
        type: "bind",
        source: bed.path("note"),
        options: ["bind", "ro"],
      });
    });
    expect([stderr, stdout]).toEqual(["", "text\n"]);
  });

  test("they are mounted in the order of config.json", async (bed) => {
    const { stdout, stderr } = await bed.sh(`touch /a/b/seen; ${places} | grep '^/a'`, (config) => {
      config.mounts.push(tmpfs("/a"), tmpfs("/a/b"));
    });
    expect([stderr, stdout]).toEqual(["", "/a\n/a/b\n"]);
  });

  test("a later one covers an earlier one", async (bed) => {
    const { stdout, stderr } = await bed.sh("ls -A /a", (config) => {
      config.mounts.push(tmpfs("/a/b"), tmpfs("/a"));
    });
    expect([stderr, stdout]).toEqual(["", ""]);
  });

  test("a symbolic link leads to a place below the container's root", async (bed) => {
    const bundle = bed.bundle((config) => {
      config.process.args = ["sh", "-c", `${places} | grep target`];
      config.mounts.push(tmpfs("/link/sub"));
    });
    mkdirSync(path.join(bundle, "rootfs/target"));
    symlinkSync("/../../target", path.join(bundle, "rootfs/link"));
    const { stdout } = await bed.verb(["run", "--bundle", bundle, bed.newId()]);
    expect(stdout).toBe("/target/sub\n");
    expect(() => lstatSync("/target/sub")).toThrow();
  });

  test("dots in a destination do not lead out of the root", async (bed) => {
    const { stdout, stderr } = await bed.sh(`${places} | grep inside`, (config) => {
      config.mounts.push(tmpfs("/a/../../../inside"));
    });
    expect([stderr, stdout]).toEqual(["", "/inside\n"]);
  });

  test("a destination that is not absolute counts from the root", async (bed) => {
    const { status, stdout } = await bed.sh(`${places} | grep relative`, (config) => {
      config.mounts.push(tmpfs("relative"));
    });
    expect([status, stdout]).toEqual([0, "/relative\n"]);
  });

  test("a link in place of /proc is refused", async (bed) => {
    const bundle = bed.bundle();
    rmSync(path.join(bundle, "rootfs/proc"), { recursive: true });
    symlinkSync("tmp", path.join(bundle, "rootfs/proc"));
    const { status } = await bed.verb(["run", "--bundle", bundle, bed.newId()]);
    expect(status).not.toBe(0);
  });

  test("a /dev of the host's is taken as it is", async (bed) => {
    mkdirSync(bed.path("dev"));
    // runc and crun look for this one.
    execFileSync("mknod", [bed.path("dev/null"), "c", "1", "3"]);
    const { stdout, stderr } = await bed.run((config) => {
      config.process.args = ["ls", "/dev"];
      config.mounts = [
        ...config.mounts.filter(({ destination }) => !destination.startsWith("/dev")),
        { destination: "/dev", type: "bind", source: bed.path("dev"), options: ["rbind"] },
      ];
      config.linux.maskedPaths = [];
    });
    expect([stderr, stdout]).toEqual(["", "null\n"]);
  });
});
