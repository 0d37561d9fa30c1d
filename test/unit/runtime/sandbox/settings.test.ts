import { expect, test } from "vitest";
import { bootSettings } from "../../../../runtime/src/sandbox/settings.ts";

test("without any setting: whatever the host has, and 10 GiB of ext4", () => {
  expect(bootSettings({})).toEqual({
    accel: "auto",
    carrier: "auto",
    bootTimeoutMs: 120_000,
    scratch: { kind: "ext4", sizeMib: 10_240, directory: "/var/lib/runv/scratch" },
  });
});

test("each setting is taken", () => {
  const env = {
    RUNV_ACCEL: "tcg",
    RUNV_CARRIER: "vhost-user-vsock",
    RUNV_SCRATCH_MIB: "64",
    RUNV_SCRATCH_DIR: "/elsewhere",
    RUNV_BOOT_TIMEOUT_MS: "5000",
  };
  expect(bootSettings(env)).toEqual({
    accel: "tcg",
    carrier: "vhost-user-vsock",
    bootTimeoutMs: 5000,
    scratch: { kind: "ext4", sizeMib: 64, directory: "/elsewhere" },
  });
});

test("a tmpfs has the guest's own limit unless one is set", () => {
  expect(bootSettings({ RUNV_SCRATCH: "tmpfs" }).scratch).toEqual({ kind: "tmpfs", sizeMib: 0 });
  expect(bootSettings({ RUNV_SCRATCH: "tmpfs", RUNV_SCRATCH_MIB: "32" }).scratch).toEqual({
    kind: "tmpfs",
    sizeMib: 32,
  });
});

test.each([
  ["RUNV_ACCEL", "fast"],
  ["RUNV_CARRIER", "pigeon"],
  ["RUNV_SCRATCH", "xfs"],
  ["RUNV_SCRATCH_MIB", "15"],
  ["RUNV_SCRATCH_MIB", "1e3"],
  ["RUNV_SCRATCH_MIB", ""],
  ["RUNV_SCRATCH_MIB", "99999999999"],
  ["RUNV_BOOT_TIMEOUT_MS", "99"],
  ["RUNV_BOOT_TIMEOUT_MS", "forever"],
])("%s=%j is refused by name", (name, value) => {
  expect(() => bootSettings({ [name]: value })).toThrow(name);
});
