import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { canMountShare } from "../../../../runtime/src/kernel/kernel-config.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "runv-kernel-config-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const drivers = (): (boolean | null)[] =>
  (["virtiofs", "9p"] as const).map((driver) => canMountShare(join(directory, "vmlinux"), driver));

test.each([
  ["CONFIG_VIRTIO_FS=y\nCONFIG_9P_FS=y\nCONFIG_NET_9P_VIRTIO=y\n", [true, true]],
  ["# CONFIG_VIRTIO_FS is not set\nCONFIG_9P_FS=y\nCONFIG_NET_9P_VIRTIO=y\n", [false, true]],
  ["CONFIG_VIRTIO_FS=m\nCONFIG_9P_FS=y\n# CONFIG_NET_9P_VIRTIO is not set\n", [false, false]],
  ["", [false, false]],
])("a kernel with %j", (config, expected) => {
  writeFileSync(join(directory, "config"), config);
  expect(drivers()).toEqual(expected);
});

test("a kernel that says nothing of itself", () => {
  expect(drivers()).toEqual([null, null]);
});
