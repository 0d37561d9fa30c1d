import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { chooseRootfs, chooseShare } from "../../../../runtime/src/sandbox/share-choice.ts";

const virtiofsKernel = "CONFIG_VIRTIO_FS=y\n";
const wholeKernel = `${virtiofsKernel}CONFIG_9P_FS=y\nCONFIG_NET_9P_VIRTIO=y\n`;
const bothDevices = ["vhost-user-fs-device", "virtio-9p-device"];

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "runv-share-choice-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A host whose emulator has these devices, and a guest whose kernel has this configuration, or none beside it. */
function host(devices: readonly string[], kernelConfig: string | null) {
  const emulator = join(directory, "emulator");
  const lines = devices.map((name) => `echo 'name "${name}", bus virtio-bus'`);
  writeFileSync(emulator, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
  const daemon = join(directory, "virtiofsd");
  for (const file of [daemon, join(directory, "vmlinux")]) writeFileSync(file, "", { mode: 0o755 });
  if (kernelConfig !== null) writeFileSync(join(directory, "config"), kernelConfig);
  return {
    hypervisor: "qemu",
    programs: { "qemu-system-x86_64": emulator, virtiofsd: daemon },
    guest: { kernel: null, directory },
    signal: AbortSignal.timeout(30_000),
  } as const;
}

test.each([
  ["has both", bothDevices, wholeKernel, "virtiofs"],
  ["has no device for virtiofs", ["virtio-9p-device"], wholeKernel, "9p"],
  ["has no device for shares", [], wholeKernel, "stream"],
  [
    "has a guest kernel without 9p and no device for virtiofs",
    ["virtio-9p-device"],
    virtiofsKernel,
    "stream",
  ],
  ["has a guest kernel without either", bothDevices, "", "stream"],
  ["has a guest kernel that says nothing of itself", bothDevices, null, "stream"],
] as const)("auto on a host that %s", async (_what, devices, config, expected) => {
  const here = host(devices, config);
  expect(await chooseRootfs("auto", here)).toBe(expected);
  const share = await chooseShare("stream", "auto", { hasBinds: true, host: here });
  expect(share ?? "stream").toBe(expected);
});

test.each([
  [
    "virtiofs",
    ["virtio-9p-device"],
    wholeKernel,
    "rootfs: virtiofs: this qemu-system-x86_64 was built without",
  ],
  ["9p", bothDevices, virtiofsKernel, "rootfs: 9p: the guest kernel was built without it"],
] as const)("%s by name where it cannot be had", async (driver, devices, config, sentence) => {
  await expect(chooseRootfs(driver, host(devices, config))).rejects.toThrow(sentence);
});

test("a driver by name is tried with a kernel that says nothing of itself", async () => {
  expect(await chooseRootfs("9p", host(bothDevices, null))).toBe("9p");
});
