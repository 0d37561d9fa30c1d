import { expect, test } from "vitest";
import { defaultSettings } from "../../../../runtime/src/config/assign.ts";
import { bootSettings, storageSettings } from "../../../../runtime/src/sandbox/settings.ts";

test("the defaults: whatever the host has, and 10 GiB of ext4", () => {
  expect(bootSettings(defaultSettings())).toEqual({
    hypervisor: "qemu",
    machine: {
      accel: "auto",
      machine: "auto",
      carrier: "auto",
      programs: {},
      hypervisorParameters: [],
    },
    guest: { kernel: null, directory: null, parameters: [] },
    size: {
      memoryMib: null,
      vcpuCount: null,
      defaultMemoryMib: 256,
      defaultVcpuCount: 1,
      maxVcpuCount: null,
      spareMemoryMib: 8192,
      spareVcpuCount: 3,
    },
    cgroupVersion: "v2",
    bootTimeoutMs: 120_000,
  });
  expect(storageSettings(defaultSettings())).toEqual({
    hypervisor: "qemu",
    programs: {},
    guest: { kernel: null, directory: null, parameters: [] },
    rootfs: "stream",
    blockWrites: "scratch",
    volumes: "auto",
    cache: "auto",
    scratch: { kind: "ext4", sizeMib: 10_240, directory: "/var/lib/runv/scratch" },
  });
});

test("programs are found by their names", () => {
  const settings = { ...defaultSettings(), "programs.mke2fs": "/opt/mke2fs" };
  expect(bootSettings(settings).machine.programs).toEqual({ mke2fs: "/opt/mke2fs" });
});

test("a tmpfs has the guest's own limit unless one is set", () => {
  const settings = { ...defaultSettings(), "scratch.kind": "tmpfs" } as const;
  expect(storageSettings(settings).scratch).toEqual({ kind: "tmpfs", sizeMib: 0 });
  expect(storageSettings({ ...settings, "scratch.mib": 32 }).scratch).toEqual({ kind: "tmpfs", sizeMib: 32 });
});
