import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { leavesNothing, useRunv } from "../harness/leftovers.ts";
import { distDirectory } from "../harness/paths.ts";
import { piecesOf } from "../harness/vm-pieces.ts";

const runv = useRunv();
const bzImage = path.join(process.env["RUNV_GUEST_DIR"] ?? path.join(distDirectory, "guest"), "bzImage");

/** A container made with these settings. @returns the machine type that its VMM was told, and what the guest says of it */
async function machineOf(env: Readonly<Record<string, string>>): Promise<{ type: string; pci: boolean }> {
  const id = runv().newId();
  const bundle = runv().bundle({ args: ["sleep", "1000000"] });
  const outcome = await runv().detached(["run", "--detach", "--bundle", bundle, id], id, { env });
  expect(outcome).toMatchObject({ status: 0, stderr: "" });
  const argv = readFileSync(`/proc/${piecesOf(runv(), id).vmm.pid}/cmdline`, "utf8").split("\0");
  const [type = ""] = (argv[argv.indexOf("-machine") + 1] ?? "").split(",");
  const devices = await runv().ok(["exec", id, "sh", "-c", "ls /sys/bus/pci/devices 2>/dev/null | wc -l"]);
  await runv().ok(["delete", "--force", id]);
  return { type, pci: Number(devices) > 0 };
}

test("left to itself runv takes the smallest machine for a kernel that can do with it, and PCI for one that does not say", async () => {
  expect(await machineOf({})).toEqual({ type: "microvm", pci: false });
  expect(existsSync(bzImage)).toBe(true);
  expect(await machineOf({ RUNV_KERNEL: bzImage })).toEqual({ type: "q35", pci: true });
});

test.each(["q35", "pc"])("%s by name", async (machine) => {
  expect(await machineOf({ RUNV_MACHINE: machine })).toEqual({ type: machine, pci: true });
});

leavesNothing(runv);
