import { expect, test } from "vitest";
import { withAnnotations } from "../../../../runtime/src/config/annotations.ts";
import { defaultSettings } from "../../../../runtime/src/config/assign.ts";
import { annotationKeys, settingKeys } from "../../../../runtime/src/config/schema.ts";

const allowing = (...keys: readonly string[]) => ({ ...defaultSettings(), allowed_annotations: keys });

test("other people's annotations are none of ours", () => {
  const annotations = { "io.kubernetes.cri.sandbox-memory": "1", "io.runvX": "2", "run.oci.keep": "3" };
  expect(withAnnotations(defaultSettings(), annotations)).toEqual(defaultSettings());
});

test("what is allowed is set, for this container", () => {
  const host = allowing("memory_mib", "scratch.kind");
  expect(withAnnotations(host, { "io.runv.memory_mib": "512", "io.runv.scratch.kind": "tmpfs" })).toEqual({
    ...host,
    memory_mib: 512,
    "scratch.kind": "tmpfs",
  });
  expect(host.memory_mib).toBeNull();
});

test("by default a container may name its kernel, by a name", () => {
  expect(withAnnotations(defaultSettings(), { "io.runv.kernel": "6.1" }).kernel).toBe("6.1");
  for (const path of ["/boot/vmlinux", "../x", "..", "", "a/b", "a\0"])
    expect(() => withAnnotations(defaultSettings(), { "io.runv.kernel": path })).toThrow(
      "config.json: annotations: io.runv.kernel: must be a name",
    );
});

test("by default a container may choose the version of its control groups", () => {
  expect(withAnnotations(defaultSettings(), { "io.runv.cgroup_version": "v1" }).cgroup_version).toBe("v1");
  expect(() => withAnnotations(defaultSettings(), { "io.runv.cgroup_version": "1" })).toThrow(
    'config.json: annotations: io.runv.cgroup_version: must be one of "v2", "v1"',
  );
});

test("everything else is refused by name", () => {
  for (const key of annotationKeys.filter((name) => !["kernel", "cgroup_version"].includes(name)))
    expect(() => withAnnotations(defaultSettings(), { [`io.runv.${key}`]: "1" })).toThrow(
      `config.json: annotations: io.runv.${key}: this host does not allow it (allowed_annotations in its configuration: kernel, cgroup_version)`,
    );
  expect(() => withAnnotations(allowing(), { "io.runv.vcpus": "1" })).toThrow("configuration: none)");
});

test("what is of the host cannot be allowed: its files, and what counts for containers that say nothing", () => {
  const paths = settingKeys.filter((key) => !annotationKeys.includes(key));
  expect(paths).toEqual([
    "kernel_parameters",
    "hypervisor_parameters",
    "guest_dir",
    "default_memory_mib",
    "default_vcpus",
    "max_vcpus",
    "allowed_annotations",
    "allowed_vm",
    "scratch.dir",
    "programs.mke2fs",
    "programs.qemu-system-x86_64",
    "programs.virtiofsd",
    "programs.vhost-device-vsock",
  ]);
  for (const key of paths)
    expect(() => withAnnotations(allowing(...settingKeys), { [`io.runv.${key}`]: "/x" })).toThrow(
      `io.runv.${key}: nothing that a container can set`,
    );
});

test("a name that is close to a key is told", () => {
  expect(() => withAnnotations(defaultSettings(), { "io.runv.memory": "1" })).toThrow(
    "io.runv.memory: nothing that a container can set",
  );
  expect(() => withAnnotations(defaultSettings(), { "io.runv.memory_mb": "1" })).toThrow(
    "did you mean memory_mib?",
  );
  expect(() => withAnnotations(defaultSettings(), { "io.runv.toString": "1" })).toThrow(
    "nothing that a container can set",
  );
});

test.each([
  ["memory_mib", "1G", "must be a whole number from 64 to"],
  ["memory_mib", "63", "must be a whole number from 64 to"],
  ["memory_mib", "-64", "must be"],
  ["vcpus", "1e1", "must be"],
  ["rootfs", "nfs", "must be one of"],
])("%s=%j is no value", (key, text, sentence) => {
  const refused = () => withAnnotations(allowing(key), { [`io.runv.${key}`]: text });
  expect(refused).toThrow(`config.json: annotations: io.runv.${key}: ${sentence}`);
});
