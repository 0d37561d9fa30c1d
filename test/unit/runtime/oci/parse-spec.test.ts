import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parseSpec } from "../../../../runtime/src/oci/parse-spec.ts";
import type { Spec } from "../../../../runtime/src/oci/spec.ts";
import { minimalSpec, withMember } from "./minimal-spec.ts";

const fixtures = path.resolve(import.meta.dirname, "../../../fixtures/specs");

function parse(document: unknown): Spec {
  return parseSpec(document, (sentence) => {
    throw new Error(`unexpected warning: ${sentence}`);
  });
}

test.each(readdirSync(fixtures))("the default spec %s is accepted as it is", (file) => {
  const warnings: string[] = [];
  const document: unknown = JSON.parse(readFileSync(path.join(fixtures, file), "utf8"));
  const spec = parseSpec(document, (sentence) => warnings.push(sentence));
  expect(spec.linux.namespaces).toEqual(expect.arrayContaining(["pid", "mount", "ipc", "uts", "network"]));
  expect(spec.mounts.map((mount) => mount.destination)).toContain("/dev/shm");
  // An image brings the args that `ctr oci spec` leaves out.
  const expected = file.startsWith("ctr") ? ["process.args: absent: running /bin/sh"] : [];
  expect(warnings).toEqual(expected);
});

test("the whole of runc's default spec is taken over", () => {
  const spec = parse(JSON.parse(readFileSync(path.join(fixtures, "runc-1.1.5.json"), "utf8")));
  expect(spec).toMatchObject({
    ociVersion: "1.0.2-dev",
    hostname: "runc",
    root: { path: "rootfs", readonly: true },
    process: {
      terminal: true,
      consoleSize: null,
      user: { uid: 0, gid: 0, additionalGids: [], umask: null },
      args: ["sh"],
      cwd: "/",
      noNewPrivileges: true,
      oomScoreAdj: null,
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 1024, hard: 1024 }],
      capabilities: { bounding: ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"], inheritable: [] },
    },
    linux: {
      namespaces: ["pid", "mount", "ipc", "uts", "network"],
      deviceRules: [{ allow: false, type: "a", major: -1, minor: -1, access: "rwm" }],
      cgroupsPath: "",
      rootfsPropagation: null,
    },
  });
  expect(spec.mounts).toHaveLength(7);
});

describe("accepted", () => {
  test.each([
    ["a property that runtime-spec does not know", "linux.whatIsThis", { a: 1 }],
    ["null for an absent member", "process.apparmorProfile", null],
    ["an empty profile", "process.apparmorProfile", ""],
    ["empty limits", "linux.resources.memory", {}],
    ["the kernel's own CPU share", "linux.resources.cpu", { shares: 1024 }],
    ["empty hooks", "hooks", { prestart: [], poststop: null }],
    ["the newest version", "ociVersion", "1.3.0"],
    ["a later patch", "ociVersion", "1.2.17"],
    ["a development version", "ociVersion", "1.1.0+dev"],
    ["annotations", "annotations", { "io.kubernetes.cri.sandbox-id": "x", empty: "" }],
    ["a kernel device", "linux.devices", [{ type: "c", path: "/dev/net/tun", major: 10, minor: 200 }]],
    ["a FIFO", "linux.devices", [{ type: "p", path: "/dev/initctl" }]],
    ["a sysctl of the network", "linux.sysctl", { "net.ipv4.ip_forward": "1" }],
    ["RLIM_INFINITY", "process.rlimits", [{ type: "RLIMIT_CORE", soft: 2 ** 64, hard: 2 ** 64 }]],
  ])("%s", (_what, field, value) => {
    expect(() => parse(withMember(minimalSpec(), field, value))).not.toThrow();
  });

  test("no limit is no number", () => {
    const text = JSON.stringify(
      withMember(minimalSpec(), "process.rlimits", [{ type: "RLIMIT_CORE", soft: 5, hard: 6 }]),
    );
    const document: unknown = JSON.parse(text.replace('"hard":6', '"hard":18446744073709551615'));
    expect(parse(document).process.rlimits).toEqual([{ type: "RLIMIT_CORE", soft: 5, hard: -1 }]);
  });
});

test("hooks, each with what it is given", () => {
  const hook = { path: "/bin/hook", args: ["a"], env: ["A=1"], timeout: 2 };
  const spec = parse(withMember(minimalSpec(), "hooks", { poststart: [hook, { path: "/b" }] }));
  expect(spec.hooks.poststart).toEqual([
    { path: "/bin/hook", args: ["a"], env: ["A=1"], timeoutMs: 2000 },
    { path: "/b", args: [], env: null, timeoutMs: 0 },
  ]);
});

describe("refused, naming the field", () => {
  test.each([
    ["linux.intelRdt", { closID: "a" }, "do not reach into a virtual machine"],
    ["linux.netDevices", { eth0: { name: "eth1" } }, "cannot be moved into a virtual machine"],
    ["process.user.username", "root", "not supported yet"],
    ["ociVersion", "2.0.0", "not from 1.0.0 to 1.3.0"],
    ["ociVersion", "1.4.0", "not from 1.0.0 to 1.3.0"],
  ])("%s = %j", (field, value, why) => {
    expect(() => parse(withMember(minimalSpec(), field, value))).toThrow(
      expect.objectContaining({
        code: "unsupported",
        message: expect.stringContaining(`config.json: ${field}: `) as string,
      }) as Error,
    );
    expect(() => parse(withMember(minimalSpec(), field, value))).toThrow(why);
  });

  test.each([
    ["mounts", [{ destination: "/x", type: "virtiofs", source: "/y" }], "mounts[0].type"],
    ["mounts", [{ destination: "/x", type: "tmpfs", options: ["ridmap"] }], "mounts[0].options[0]"],
    ["mounts", [{ destination: "/x", type: "proc", options: ["ro", "tmpcopyup"] }], "mounts[0].options[1]"],
    ["linux.timeOffsets", { realtime: { secs: 1 } }, "linux.timeOffsets.realtime"],
    ["mounts", [{ destination: "/x", source: "/y", options: ["rbind", "rshared"] }], "mounts[0].options[1]"],
    ["mounts", [{ destination: "/x", type: "tmpfs", uidMappings: [{ size: 1 }] }], "mounts[0].uidMappings"],
    ["linux.namespaces", [{ type: "pid" }], "linux.namespaces"],
    ["linux.namespaces", [{ type: "network", path: "/proc/1/ns/net" }], "linux.namespaces[0].path"],
    ["linux.namespaces", [{ type: "network" }, { type: "pid", path: "/x" }], "linux.namespaces[1].path"],
    ["linux.devices", [{ type: "b", path: "/dev/sda", major: 8, minor: 0 }], "linux.devices[0]"],
    ["linux.devices", [{ type: "c", path: "/dev/kvm", major: 10, minor: 232 }], "linux.devices[0]"],
    ["linux.sysctl", { "vm.overcommit_memory": "1" }, "linux.sysctl.vm.overcommit_memory"],
    ["linux.sysctl", { "kernel.msgmax": "1" }, "linux.sysctl.kernel.msgmax"],
  ])("%s = %j", (field, value, named) => {
    expect(() => parse(withMember(minimalSpec(), field, value))).toThrow(`config.json: ${named}: `);
  });
});

describe("malformed", () => {
  test.each([
    ["process.args", [], "must be a non-empty array of strings"],
    ["process.args", [1], "process.args[0]: must be a string"],
    ["process.args", ["a\0b"], "process.args[0]: must not contain a NUL character"],
    ["process.env", ["PATH"], "process.env[0]: must be of the form NAME=value"],
    ["process.cwd", "tmp", "process.cwd: must be an absolute path"],
    ["process.cwd", undefined, "process.cwd: must be an absolute path"],
    ["process.user.uid", -1, "process.user.uid: must be an integer"],
    ["process.user.uid", 4294967295, "process.user.uid: must be an integer"],
    ["process.user.umask", "022", "process.user.umask: must be an integer"],
    ["process.oomScoreAdj", 1001, "process.oomScoreAdj: must be an integer from -1000 to 1000"],
    ["process.rlimits", [{ type: "RLIMIT_X" }], "process.rlimits[0].type: must be one of"],
    ["process.rlimits", [{ type: "RLIMIT_CPU", soft: 2, hard: 1 }], "soft must not exceed hard"],
    ["process.rlimits", [{ type: "RLIMIT_CPU" }, { type: "RLIMIT_CPU" }], "has RLIMIT_CPU twice"],
    ["process", undefined, "process: is required"],
    ["root", undefined, "root: is required"],
    ["root.path", "", "root.path: must not be empty"],
    ["hostname", "h", "hostname: needs a namespace of type uts"],
    ["mounts", [{ destination: "", type: "tmpfs" }], "mounts[0].destination: must not be empty"],
    ["mounts", [{ destination: "/x" }], "mounts[0].type: is required"],
    [
      "mounts",
      [{ destination: "/x", source: "/y", options: ["bind", "idmap"] }],
      "mounts[0].uidMappings: is required for the option idmap",
    ],
    ["linux.namespaces", [{ type: "network" }, { type: "user" }], "linux.uidMappings: is required"],
    ["linux.namespaces", [{ type: "other" }], "must be one of pid, mount"],
    ["linux.uidMappings", [{ size: 1 }], "linux.gidMappings: is required beside"],
    ["linux.uidMappings", [{ size: 2 }, { containerID: 1, size: 2 }], "ranges overlap in containerID"],
    [
      "linux.uidMappings",
      Array.from({ length: 340 }, (_, index) => ({ containerID: index, hostID: 1_000_000 + index, size: 1 })),
      "must have at most 4095 characters as the kernel is told them",
    ],
    ["linux.timeOffsets", { monotonic: { secs: 1 } }, "needs a namespace of type time"],
    ["mounts", {}, "mounts: must be an array"],
    ["linux.namespaces", [{ type: "network" }, { type: "network" }], "has network twice"],
    ["linux.maskedPaths", ["proc"], "linux.maskedPaths[0]: must be an absolute path"],
    ["linux.cgroupsPath", "/a/../../b", 'must not contain ".."'],
    ["linux.rootfsPropagation", "sideways", "linux.rootfsPropagation: must be one of"],
    ["linux.resources.devices", [{ allow: true, access: "x" }], "must be made of r, w and m"],
    ["ociVersion", undefined, "ociVersion: must be a string"],
  ])("%s = %j", (field, value, why) => {
    expect(() => parse(withMember(minimalSpec(), field, value))).toThrow(why);
  });

  test.each([null, [], "x", 1])("a document that is %j", (document) => {
    expect(() => parse(document)).toThrow("config.json");
  });

  test("a member named like a part of every object", () => {
    const document: unknown = JSON.parse('{"ociVersion":"1.0.2","__proto__":{"process":{"args":["x"]}}}');
    expect(() => parse(document)).toThrow("process: is required");
  });
});

test("an unknown capability is left out with a warning", () => {
  const warnings: string[] = [];
  const document = withMember(minimalSpec(), "process.capabilities", { bounding: ["CAP_KILL", "CAP_X"] });
  const spec = parseSpec(document, (sentence) => warnings.push(sentence));
  expect(spec.process.capabilities?.bounding).toEqual(["CAP_KILL"]);
  expect(warnings).toEqual(['process.capabilities.bounding: unknown capability is ignored: "CAP_X"']);
});

test("consoleSize counts with a terminal only", () => {
  const size = { height: 25, width: 80 };
  const without = withMember(minimalSpec(), "process.consoleSize", size);
  expect(parse(without).process.consoleSize).toBeNull();
  expect(parse(withMember(without, "process.terminal", true)).process.consoleSize).toEqual({
    rows: 25,
    columns: 80,
  });
});
