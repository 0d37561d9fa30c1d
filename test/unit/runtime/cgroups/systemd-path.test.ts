import { expect, test } from "vitest";
import { systemdFinding } from "../../../../runtime/src/cgroups/systemd-bus.ts";
import { scopeName } from "../../../../runtime/src/cgroups/systemd-path.ts";
import { systemdRoot } from "../../../../runtime/src/cgroups/systemd-scope.ts";

test("a host without systemd says so", () => {
  expect(systemdFinding("/nowhere/systemd").problem).toMatch(/^systemd not running on this host/);
});

test.each([
  ["system.slice:runv:a", "runv-a.scope", "system.slice", "system.slice/runv-a.scope"],
  [":runv:a", "runv-a.scope", "system.slice", "system.slice/runv-a.scope"],
  ["", "runv-box.scope", "system.slice", "system.slice/runv-box.scope"],
  ["a-b-c.slice:p:n", "p-n.scope", "a-b-c.slice", "a.slice/a-b.slice/a-b-c.slice/p-n.scope"],
  ["-.slice:p:n", "p-n.scope", "-.slice", "p-n.scope"],
  [
    "kubepods-burstable-pod1_2.slice:cri-containerd:ab12",
    "cri-containerd-ab12.scope",
    "kubepods-burstable-pod1_2.slice",
    "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-ab12.scope",
  ],
  ["system.slice::n", "-n.scope", "system.slice", "system.slice/-n.scope"],
])("%j is %s in %s", (cgroupsPath, unit, slice, path) => {
  expect(scopeName(cgroupsPath, "box")).toEqual({ unit, slice, path });
});

test.each([
  ["/runv/a", /format "slice:prefix:name".*got "\/runv\/a" instead/],
  ["system.slice:runv:", /got "system\.slice:runv:"/],
  ["a:b:c:d", /got "a:b:c:d"/],
  ["system:runv:a", /invalid slice name: system/],
  [".slice:runv:a", /invalid slice name: \.slice/],
  ["a--b.slice:runv:a", /invalid slice name: a--b\.slice/],
  ["-a.slice:runv:a", /invalid slice name: -a\.slice/],
  ["system.slice:runv:a.slice", /a slice holds no processes, and a\.slice/],
  ["system.slice:runv:a b", /"runv-a b\.scope" cannot be the name of a unit/],
  [`:runv:${"n".repeat(250)}`, /cannot be the name of a unit/],
])("%j is refused", (cgroupsPath, message) => {
  expect(() => scopeName(cgroupsPath, "box")).toThrow(message);
});

test.each([
  ["0::/init.scope\n", ""],
  ["12:pids:/init.scope\n1:name=systemd:/init.scope\n0::/init.scope\n", ""],
  ["1:name=systemd:/lxc/box/init.scope\n", "/lxc/box"],
  ["0::/\n", ""],
])("systemd in %j has its slices below %j", (cgroup, root) => {
  expect(systemdRoot(cgroup)).toBe(root);
});
