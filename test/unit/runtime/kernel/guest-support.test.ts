import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { guestSupport } from "../../../../runtime/src/kernel/guest-support.ts";

/** The header of a compressed kernel. */
function bzImage(release: string): Buffer {
  const bytes = Buffer.alloc(1024);
  bytes.write("HdrS", 0x202, "latin1");
  bytes.writeUInt16LE(0x020f, 0x206);
  bytes.writeUInt8(1, 0x211);
  bytes.writeUInt16LE(0x100, 0x20e);
  bytes.write(`${release}\0`, 0x300, "latin1");
  return bytes;
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "runv-guest-files-"));
  writeFileSync(join(directory, "vmlinux"), bzImage("6.1.192-runv"));
  writeFileSync(join(directory, "initramfs.cpio"), "070701…runv-agent version 0.1.0\0");
});
afterEach(() => rmSync(directory, { recursive: true }));

const findings = (kernel: string | null = null) =>
  guestSupport({ kernel, directory, parameters: [] }).findings;

test("a kernel and an initramfs, with their versions", () => {
  expect(findings()).toMatchObject([
    { name: "kernel", detail: `6.1.192-runv, ${join(directory, "vmlinux")}`, problem: null },
    { name: "initramfs", detail: `agent 0.1.0, ${join(directory, "initramfs.cpio")}`, problem: null },
  ]);
});

test("another kernel, by name and by path", () => {
  const other = join(directory, "kernels/old/vmlinux");
  mkdirSync(join(other, ".."), { recursive: true });
  writeFileSync(other, bzImage("2.6.32"));
  expect([findings("old")[0]?.detail, findings(other)[0]?.detail]).toEqual([
    `2.6.32, ${other}`,
    `2.6.32, ${other}`,
  ]);
  expect(findings("new")[0]?.problem).toContain(join(directory, "kernels/new/vmlinux"));
  expect(findings("/no/such/vmlinux")[0]?.problem).toBe("guest kernel: no such file: /no/such/vmlinux");
});

test.each([
  ["vmlinux", "#!/bin/sh", "not a kernel"],
  ["vmlinux", "", "not a kernel"],
  ["vmlinux", "\x7fELF of something else", "a virtual machine cannot be started from this ELF file"],
  ["vmlinux", bzImage(""), "no Linux kernel"],
  ["initramfs.cpio", "\x1f\x8b", "not an archive"],
  ["initramfs.cpio", "070701 of somebody else", "there is no agent in it"],
])("%s with %j", (name, content, problem) => {
  writeFileSync(join(directory, name), content);
  const problems = findings().flatMap((finding) => finding.problem ?? []);
  expect(problems).toEqual([expect.stringContaining(`${join(directory, name)}: ${problem}`)]);
});

test("files that are not there are told with the places looked at", () => {
  rmSync(join(directory, "initramfs.cpio"));
  expect(findings()).toMatchObject([
    { problem: expect.stringContaining(join(directory, "initramfs.cpio")) as string },
  ]);
});
