import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kernelImage } from "../../../../runtime/src/kernel/image.ts";
import { distDirectory } from "../../../harness/paths.ts";

const guest = path.join(distDirectory, "guest");
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), "runv-image-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function written(name: string, content: Uint8Array): string {
  const file = path.join(directory, name);
  writeFileSync(file, content);
  return file;
}

test("both forms of the built kernel", () => {
  const release = expect.stringMatching(/^\d+\.\d+\.\d+\S*$/) as string;
  expect(kernelImage(path.join(guest, "vmlinux"))).toEqual({
    format: "elf",
    release,
    virtioMmio: true,
    residentKib: expect.any(Number) as number,
  });
  expect(kernelImage(path.join(guest, "bzImage"))).toEqual({
    format: "bzImage",
    release,
    virtioMmio: null,
    residentKib: expect.any(Number) as number,
  });
});

test("a kernel without the PVH note cannot be started", () => {
  const content = readFileSync(path.join(guest, "vmlinux"));
  const at = content.indexOf(Buffer.from("\x12\0\0\0Xen\0", "latin1"));
  expect(at).toBeGreaterThan(0);
  content[at] = 0x13;
  expect(() => kernelImage(written("without-note", content))).toThrow("it has no PVH entry");
});

test("what is cut off or damaged anywhere in its headers is refused or has nothing to say, and never ends the search badly", () => {
  const content = readFileSync(path.join(guest, "vmlinux"));
  for (const size of [0, 3, 4, 63, 64, 100, 4096, 0x200000, content.length - 1]) {
    const file = written("cut", content.subarray(0, size));
    try {
      expect(kernelImage(file).format).toBe("elf");
    } catch (error) {
      expect(error).toMatchObject({ code: "unavailable", message: expect.stringContaining(file) as string });
    }
  }
  for (let at = 4; at < 64; at++) {
    const damaged = Buffer.from(content.subarray(0, 8192));
    damaged[at] = 0xff;
    expect(() => kernelImage(written("damaged", damaged))).toThrow(/guest kernel: .*damaged: /);
  }
});

test("a file for another processor is none", () => {
  const content = Buffer.alloc(64);
  content.write("\x7fELF\x02\x01", "latin1");
  content.writeUInt16LE(183, 18);
  expect(() => kernelImage(written("arm", content))).toThrow("it is not for x86_64");
});
