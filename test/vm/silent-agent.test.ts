import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { cpioArchive } from "../../scripts/native/cpio.mjs";
import { staticProgram } from "../harness/guest-programs.ts";
import { leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import { distDirectory } from "../harness/paths.ts";

const runv = useRunv();
/** Enough for a kernel on a loaded host. */
const bootTimeoutMs = 20_000;

/** The kernel with another initramfs. @returns a directory for RUNV_GUEST_DIR */
function guestWith(name: string, init: Uint8Array | null): string {
  const directory = path.join(runv().directory, name);
  mkdirSync(directory);
  const guest = process.env["RUNV_GUEST_DIR"] ?? path.join(distDirectory, "guest");
  symlinkSync(path.join(guest, "vmlinux"), path.join(directory, "vmlinux"));
  const console = [
    { name: "dev", type: "directory", permissions: 0o755 },
    { name: "dev/console", type: "character", permissions: 0o600, device: [5, 1] },
  ] as const;
  const file = { name: "init", type: "file", permissions: 0o755 } as const;
  const entries = init === null ? console : [...console, { ...file, content: init }];
  writeFileSync(path.join(directory, "initramfs.cpio"), cpioArchive(entries));
  return directory;
}

async function createFails(guest: string): Promise<string> {
  const id = runv().newId();
  const bundle = runv().bundle({ args: ["true"] });
  const env = { RUNV_GUEST_DIR: guest, RUNV_BOOT_TIMEOUT_MS: `${bootTimeoutMs}` };
  const outcome = await runv().detached(["create", "--bundle", bundle, id], id, { env });
  expect(outcome.status).toBe(1);
  expect(leftoversOf(runv(), id)).toEqual([]);
  return outcome.stderr;
}

test("an agent that never answers is an error that says so and quotes the guest's console", async () => {
  const init = readFileSync(await staticProgram("silent-init"));
  const error = await createFails(guestWith("silent", init));
  expect(error).toMatch(
    /boot failed \(machine \w+, accelerator \w+, carrier [\w-]+\): the guest's agent did not answer within 20 s/,
  );
  expect(error).toContain("silent-init: nobody answers here");
});

test("a guest that ends before its agent answers is an error that says so", async () => {
  const error = await createFails(guestWith("without-init", null));
  expect(error).toContain("the virtual machine ended before its agent answered");
  expect(error).toMatch(/Kernel panic|No working init found/);
});

test("a guest file that is missing is an error that names it", async () => {
  const directory = path.join(runv().directory, "empty");
  mkdirSync(directory);
  expect(await createFails(directory)).toContain(`vmlinux: not found in ${directory}/vmlinux`);
});

leavesNothing(runv);
