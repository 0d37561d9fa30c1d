import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createImage, mapImage, QemuImgError } from "qemu-img-ts";
import { afterEach, beforeEach, expect, test } from "vitest";

let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "runv-image-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

test("a raw image is sparse and its map shows what was written", async () => {
  const path = join(directory, "disk.raw");
  await createImage(path, { format: "raw", sizeBytes: 64 * 1_048_576 });
  expect(statSync(path).size).toBe(64 * 1_048_576);
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, Buffer.alloc(65_536, 1), 0, 65_536, 1_048_576);
  closeSync(descriptor);
  const extents = await mapImage(path, { format: "raw" });
  // qemu-img itself writes one block of zeros, to learn the alignment that the file wants.
  expect(extents.filter(({ startBytes }) => startBytes > 0)).toEqual([
    { startBytes: 1_048_576, lengthBytes: 65_536, offsetBytes: 1_048_576 },
  ]);
});

test("qcow2 is made as such", async () => {
  const path = join(directory, "disk.qcow2");
  await createImage(path, { format: "qcow2", sizeBytes: 1_048_576 });
  await expect(mapImage(path, { format: "qcow2" })).resolves.toEqual([]);
});

test("what qemu-img says and its absence are told apart", async () => {
  const missing = mapImage(join(directory, "none"), { format: "raw" });
  await expect(missing).rejects.toThrow("No such file or directory");
  await expect(missing).rejects.toBeInstanceOf(QemuImgError);
  const program = join(directory, "no-qemu-img");
  await expect(mapImage("x", { format: "raw", program })).rejects.toMatchObject({ code: "not-installed" });
});
