import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { distDirectory } from "../harness/paths.ts";
import { type Outcome, Runv } from "../harness/runv.ts";

const runv = new Runv();
afterAll(async () => runv.dispose());

const guestDirectory = process.env["RUNV_GUEST_DIR"] ?? path.join(distDirectory, "guest");
const file = (name: string, text: string): string => {
  const place = path.join(runv.directory, name);
  writeFileSync(place, text);
  return place;
};
/** What the guest's own kernel says of the machine: its processors, and its memory in KiB. */
const run = async (config: string, annotations: Readonly<Record<string, string>> = {}): Promise<Outcome> => {
  const script = "nproc; sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo";
  const bundle = runv.bundle({ args: ["sh", "-c", script], annotations });
  return runv.run(["--config", config, "run", "--bundle", bundle, runv.newId()]);
};
const machine = ({ status, stdout, stderr }: Outcome): { vcpus: number; memoryMib: number } => {
  expect([status, stderr]).toEqual([0, ""]);
  const [vcpus = 0, memoryKib = 0] = stdout.trim().split("\n").map(Number);
  return { vcpus, memoryMib: memoryKib / 1024 };
};

test("the configuration sizes the virtual machine, and an annotation that it allows overrides it", async () => {
  const config = file("sizes.toml", 'memory_mib = 384\nvcpus = 2\nallowed_annotations = ["vcpus"]\n');
  const configured = machine(await run(config));
  expect(configured.vcpus).toBe(2);
  expect(configured.memoryMib).toBeGreaterThan(300);
  expect(configured.memoryMib).toBeLessThan(384);
  expect(machine(await run(config, { "io.runv.vcpus": "1" })).vcpus).toBe(1);
});

test("an annotation that is not allowed leaves nothing behind", async () => {
  const refused = await run(file("strict.toml", ""), { "io.runv.memory_mib": "65536" });
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain(
    "config.json: annotations: io.runv.memory_mib: this host does not allow it",
  );
  expect(await runv.ok(["list", "--quiet"])).toBe("");
});

test("a container names one of the kernels that the host keeps", async () => {
  const guests = path.join(runv.directory, "guest");
  mkdirSync(path.join(guests, "kernels/mine"), { recursive: true });
  symlinkSync(path.join(guestDirectory, "vmlinux"), path.join(guests, "kernels/mine/vmlinux"));
  symlinkSync(path.join(guestDirectory, "initramfs.cpio"), path.join(guests, "initramfs.cpio"));
  const config = file("kernels.toml", `guest_dir = ${JSON.stringify(guests)}\n`);
  expect(machine(await run(config, { "io.runv.kernel": "mine" })).vcpus).toBe(1);
  const missing = await run(config, { "io.runv.kernel": "theirs" });
  expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining("kernels/theirs/vmlinux")]);
});
