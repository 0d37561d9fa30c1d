import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { descriptorsOf } from "../../harness/host-processes.ts";
import { leavesNothing, useRunv } from "../../harness/leftovers.ts";
import { piecesOf } from "../../harness/vm-pieces.ts";

const runv = useRunv({ env: { RUNV_ACCEL: "auto", RUNV_CARRIER: "auto", RUNV_MACHINE: "auto" } });

test("left to itself runv takes hardware virtualisation, the kernel's vsock and the smallest machine", async () => {
  const id = await runv().running();
  const { vmm, carrier } = piecesOf(runv(), id);
  expect(carrier).toBeNull();
  const argv = readFileSync(`/proc/${vmm.pid}/cmdline`, "utf8").split("\0");
  const machine = argv[argv.indexOf("-machine") + 1];
  expect(machine).toMatch(/^microvm,/);
  expect(argv[argv.indexOf("-accel") + 1]).toBe("kvm");
  for (const part of ["pit=off", "pic=off", "rtc=off"]) expect(machine).toContain(part);
  expect(argv[argv.indexOf("-cpu") + 1]).toBe("host");
  expect(argv.join(" ")).toMatch(/vhost-vsock-device,guest-cid=\d+/);
  const open = [...descriptorsOf(vmm.pid).values()];
  expect(open).toEqual(expect.arrayContaining(["/dev/kvm", "anon_inode:kvm-vm", "anon_inode:kvm-vcpu:0"]));
  const clock = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
  expect(await runv().ok(["exec", id, "cat", clock])).toBe("kvm-clock\n");
  // Written by the hypervisor that the guest's processor tells of: cpuid leaf 0x40000000.
  expect(await runv().ok(["exec", id, "grep", "-cw", "hypervisor", "/proc/cpuinfo"])).toBe("1\n");
  await runv().ok(["delete", "--force", id]);
});

test("the host has nothing but cgroup v2", async () => {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  expect(mounts.filter((line) => / cgroup2? /.test(line))).toEqual([
    expect.stringMatching(/ \/sys\/fs\/cgroup cgroup2 /),
  ]);
  const id = await runv().running();
  expect(piecesOf(runv(), id).monitor.cgroups).toBe(`0::/runv/${id}\n`);
  await runv().ok(["delete", "--force", id]);
});

leavesNothing(runv);
