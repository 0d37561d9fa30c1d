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

const virtiofsds = { rust: "virtiofsd 1.13.2", c: "virtiofsd version 7.2.22 (Debian)" } as const;

/** A host whose emulator has these devices, and a guest whose kernel has this configuration, or none beside it. */
function host(
  devices: readonly string[],
  kernelConfig: string | null,
  virtiofsd: keyof typeof virtiofsds = "rust",
) {
  const emulator = join(directory, "emulator");
  const lines = devices.map((name) => `echo 'name "${name}", bus virtio-bus'`);
  writeFileSync(emulator, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
  const daemon = join(directory, "virtiofsd");
  writeFileSync(daemon, `#!/bin/sh\n[ "$*" = --version ] && echo '${virtiofsds[virtiofsd]}'\n`, {
    mode: 0o755,
  });
  writeFileSync(join(directory, "vmlinux"), "");
  if (kernelConfig !== null) writeFileSync(join(directory, "config"), kernelConfig);
  return {
    hypervisor: "qemu",
    programs: { "qemu-system-x86_64": emulator, virtiofsd: daemon },
    guest: { kernel: null, directory, parameters: [] },
    signal: AbortSignal.timeout(30_000),
  } as const;
}

test.each([
  ["has both", [bothDevices, wholeKernel, "rust"], ["virtiofs", "virtiofs"]],
  ["has both, and QEMU's virtiofsd", [bothDevices, wholeKernel, "c"], ["stream", "virtiofs"]],
  ["has no device for virtiofs", [["virtio-9p-device"], wholeKernel, "rust"], ["stream", "9p"]],
  ["has no device for shares", [[], wholeKernel, "rust"], ["stream", null]],
  [
    "has neither device nor kernel in common",
    [["virtio-9p-device"], virtiofsKernel, "rust"],
    ["stream", null],
  ],
  ["has a guest kernel without either", [bothDevices, "", "rust"], ["stream", null]],
  ["has a guest kernel that says nothing of itself", [bothDevices, null, "rust"], ["stream", null]],
] as const)("auto on a host that %s", async (_what, [devices, config, virtiofsd], [rootfs, share]) => {
  const here = host(devices, config, virtiofsd);
  expect(await chooseRootfs("auto", here)).toBe(rootfs);
  expect(await chooseShare("stream", "auto", { hasBinds: true, host: here })).toBe(share);
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
