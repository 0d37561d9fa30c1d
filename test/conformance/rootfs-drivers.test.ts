import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BundleOptions, busyboxRootfs } from "../harness/bundle.ts";
import { rootfsDrivers } from "../harness/rootfs-drivers.ts";
import { Runv } from "../harness/runv.ts";

/** Ends a guest that hangs; it asserts no speed. */
const timeoutMs = 300_000;

describe.each(rootfsDrivers)("rootfs by $name", (driver) => {
  let directory = "";
  let rootfs = "";
  let root = "";
  let runv: Runv;
  const capabilities = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "MKNOD",
    "SETUID",
    "SETGID",
    "SETFCAP",
  ].map((name) => `CAP_${name}`);

  beforeAll(() => {
    directory = mkdtempSync(path.join(tmpdir(), "runv-rootfs-"));
    rootfs = path.join(directory, "rootfs");
    cpSync(busyboxRootfs(), rootfs, { recursive: true, verbatimSymlinks: true });
    mkdirSync(path.join(rootfs, "etc/deep"), { recursive: true });
    execFileSync(
      "sh",
      ["-c", "echo content >etc/deep/file && chown -h 7:8 etc/deep/file && ln -s /etc/deep etc/link"],
      {
        cwd: rootfs,
      },
    );
    root = driver.prepare(rootfs);
    runv = new Runv({ env: driver.env() });
  });
  afterAll(async () => {
    await runv.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  const sh = async (script: string, options: Partial<BundleOptions> = {}): Promise<string> => {
    const id = runv.newId();
    const bundle = runv.bundle({ capabilities, ...options, rootfs: root, args: ["sh", "-ec", script] });
    return runv.ok(["run", "--bundle", bundle, id]);
  };

  test("holds what it held on the host", { timeout: timeoutMs }, async () => {
    const script = "cat /etc/link/file; stat -c '%u:%g %a' /etc/deep/file; readlink /etc/link";
    expect(await sh(script)).toBe("content\n7:8 644\n/etc/deep\n");
  });

  test("takes owners, modes, links, renames and deletions", { timeout: timeoutMs }, async () => {
    const script = [
      "mkdir -p /made/in && echo one >/made/in/f && chown 5:6 /made/in/f && chmod 4750 /made/in/f",
      "stat -c '%u:%g %a %h' /made/in/f",
      "ln /made/in/f /made/hard && stat -c %h /made/in/f",
      "mv /made/in/f /made/moved && cat /made/hard",
      "echo two >/made/new && mv /made/new /made/moved && cat /made/moved && cat /made/hard",
      "rm -r /made/in && ls /made",
      "dd if=/dev/zero of=/made/sparse bs=1 count=1 seek=1048576 2>/dev/null && stat -c %s /made/sparse",
      "truncate -s 3 /made/sparse && stat -c %s /made/sparse",
    ].join("\n");
    expect(await sh(script)).toBe("5:6 4750 1\n2\none\ntwo\none\nhard\nmoved\n1048577\n3\n");
    if (driver.sharesChanges) expect(readFileSync(path.join(rootfs, "made/moved"), "utf8")).toBe("two\n");
    else expect(existsSync(path.join(rootfs, "made"))).toBe(false);
  });

  test("an open file outlives its name", { timeout: timeoutMs }, async () => {
    const script =
      "echo kept >/open; exec 3</open 4>>/open; rm /open; echo more >&4; cat <&3; test ! -e /open";
    expect(await sh(script)).toBe("kept\nmore\n");
  });

  test("users see what their rights let them see", { timeout: timeoutMs }, async () => {
    await sh(
      "echo secret >/secret && chmod 600 /secret && mkdir -m 1777 /sticky && echo mine >/sticky/roots",
    );
    const script =
      "cat /secret 2>&1 | grep -c denied; rm -f /sticky/roots 2>&1 | grep -c permitted; echo own >/own 2>&1 || true";
    const whole =
      "echo secret >/secret; chmod 600 /secret; mkdir -p /sticky; chmod 1777 /sticky; echo mine >/sticky/roots; ";
    const asUser = `su -s /bin/sh nobody -c '${script}' || true`;
    expect(
      await sh(
        `grep -q nobody /etc/passwd || echo 'nobody:x:99:99::/:/bin/sh' >>/etc/passwd; ${whole}${asUser}`,
      ),
    ).toContain("1\n1\n");
  });

  test("a read-only root takes no writes, and has its mounts", { timeout: timeoutMs }, async () => {
    const script = "echo x >/x 2>/dev/null || echo refused; echo y >/dev/shm/y && cat /dev/shm/y";
    expect(await sh(script, { readonlyRootfs: true })).toBe("refused\ny\n");
  });

  test("special files", { timeout: timeoutMs }, async () => {
    const script = "rm -f /fifo /null; mkfifo /fifo && mknod /null c 1 3 && stat -c %F /fifo /null";
    const made = sh(script);
    if (driver.makesSpecialFiles) expect(await made).toBe("fifo\ncharacter special file\n");
    else await expect(made).rejects.toThrow("No such device or address");
    if (driver.sharesChanges && driver.makesSpecialFiles)
      expect(lstatSync(path.join(rootfs, "null")).rdev).toBe(statSync("/dev/null").rdev);
  });

  test("no link or name leads out of it", { timeout: timeoutMs }, async () => {
    const script = [
      "ln -sfn ../../../../../../../.. /up && ls -d /up/bin/busybox",
      "cd / && cd ../../../.. && ls -d bin/busybox",
      `test ! -e ${directory} && test ! -e /up${directory} && echo inside`,
    ].join("\n");
    expect(await sh(script)).toBe("/up/bin/busybox\nbin/busybox\ninside\n");
  });
});
