import { expect, test } from "vitest";
import type { HostFacts } from "../../../../../runtime/src/hypervisor/qemu/host-facts.ts";
import { capabilities, shareFindings } from "../../../../../runtime/src/hypervisor/qemu/support.ts";
import { type Capability, hindrances } from "../../../../../runtime/src/shared/capability.ts";

const auto = { accel: "auto", machine: "auto", carrier: "auto" } as const;
/** A host that lacks nothing. */
const full: HostFacts = {
  emulator: {
    problem: null,
    path: "/usr/bin/qemu-system-x86_64",
    version: "7.2.22",
    accels: ["tcg", "kvm"],
    machines: ["microvm", "pc", "q35"],
    devices: [
      ...["vhost-vsock-device", "vhost-user-vsock-device", "virtserialport", "isa-serial"],
      ...["virtio-9p-device", "vhost-user-fs-device"],
    ],
  },
  kvm: { problem: null, remedy: null },
  vhostVsock: { problem: null, path: "/dev/vhost-vsock" },
  vhostUser: { problem: null, version: "vhost-device-vsock 0.3.0, /usr/bin/vhost-device-vsock" },
  virtiofsd: { problem: null, path: "/usr/libexec/virtiofsd", flaw: null },
  serialPorts: { problem: null },
};
const noEmulator: HostFacts = {
  ...full,
  emulator: { problem: "not installed", path: "", version: "", accels: [], machines: [], devices: [] },
};

const usable = (found: readonly Capability[]) =>
  found.flatMap(({ findings }) => findings.filter(({ problem }) => problem === null).map(({ name }) => name));
const remedies = (found: readonly Capability[]) =>
  found.flatMap(({ findings }) => findings.flatMap(({ remedy }) => remedy ?? []));
const missing = (found: readonly Capability[]) => found.flatMap((capability) => hindrances(capability));

test("a host that has everything", () => {
  const found = capabilities(full, auto);
  expect(usable(found)).toEqual([
    "qemu",
    "kvm",
    "tcg",
    ...["microvm", "q35", "pc"],
    ...["vhost-vsock", "vhost-user-vsock", "virtio-serial", "isa-serial"],
  ]);
  expect([remedies(found), missing(found)]).toEqual([[], []]);
});

test("no emulator: nothing of it can be used, and its package is told once", () => {
  const found = capabilities(noEmulator, auto);
  expect(usable(found)).toEqual([]);
  expect(remedies(found)).toEqual(["apt-get install qemu-system-x86"]);
  expect(missing(found).map(({ name }) => name)).toContain("qemu");
});

test("a guest kernel with one serial port has no carrier isa-serial", () => {
  const host = { ...full, serialPorts: { problem: "one serial port" } };
  expect(usable(capabilities(host, auto))).not.toContain("isa-serial");
  expect(missing(capabilities(host, { ...auto, carrier: "isa-serial" }))).toMatchObject([
    { name: "isa-serial", problem: "one serial port" },
  ]);
});

test("no KVM is no hindrance, unless it is configured", () => {
  const host = { ...full, kvm: { problem: "no /dev/kvm", remedy: "modprobe kvm_amd" } };
  expect(missing(capabilities(host, auto))).toEqual([]);
  expect(remedies(capabilities(host, auto))).toEqual(["modprobe kvm_amd"]);
  expect(missing(capabilities(host, { ...auto, accel: "kvm" }))).toMatchObject([
    { name: "kvm", problem: "no /dev/kvm" },
  ]);
  expect(missing(capabilities(host, { ...auto, accel: "tcg" }))).toEqual([]);
});

test("one carrier is enough, and the one configured is needed", () => {
  const noKernel = { ...full, vhostVsock: { problem: "/dev/vhost-vsock is missing", path: "" } };
  const neither = { ...noKernel, vhostUser: { problem: "not installed", version: "" } };
  expect(missing(capabilities(noKernel, auto))).toEqual([]);
  expect(missing(capabilities(neither, auto))).toEqual([]);
  expect(remedies(capabilities(neither, auto))).toEqual([
    "modprobe vhost_vsock",
    "apt-get install vhost-device-vsock",
  ]);
  expect(missing(capabilities(noKernel, { ...auto, carrier: "vhost-vsock" }))).toHaveLength(1);
});

test("an emulator that is built without something, or too old for it", () => {
  const emulator = { ...full.emulator, accels: ["tcg"], machines: ["none"], devices: ["vhost-vsock-device"] };
  const found = capabilities({ ...full, emulator }, auto);
  expect(usable(found)).toEqual(["qemu", "tcg", "vhost-vsock"]);
  const problem = expect.stringContaining("-machine help") as string;
  expect(missing(found)).toMatchObject([
    { name: "microvm", problem },
    { name: "q35", problem },
    { name: "pc", problem },
  ]);
});

test("shares: virtiofs by its program, 9p by the emulator", () => {
  const problems = (facts: HostFacts) => shareFindings(facts).map(({ problem }) => problem !== null);
  expect(problems(full)).toEqual([false, false]);
  expect(problems({ ...full, virtiofsd: { problem: "not installed", path: "", flaw: null } })).toEqual([
    true,
    false,
  ]);
  expect(problems({ ...full, emulator: { ...full.emulator, devices: ["vhost-user-fs-device"] } })).toEqual([
    false,
    true,
  ]);
  expect(problems(noEmulator)).toEqual([true, true]);
});

test("what a program that serves shares is known to do to files is told", () => {
  const virtiofsd = { problem: null, path: "/usr/lib/qemu/virtiofsd", flaw: "files grow" };
  const details = shareFindings({ ...full, virtiofsd }).map(({ detail }) => detail);
  expect(details[0]).toBe("/usr/lib/qemu/virtiofsd; files grow");
  expect(details[1]).toContain("by qemu-system-x86_64; files that are open and have no name");
  expect(shareFindings(full)[0]?.detail).toBe("/usr/libexec/virtiofsd");
});
