import { fullMounts } from "./contradicting-mounts.ts";
import type { Draft } from "./draft.ts";

/** Something that nobody can be given. */
export interface Contradiction {
  /** What the refusal names. */
  readonly field: string;
  readonly spoil: (draft: Draft) => void;
}

const setting = (field: string, ...values: readonly [unknown, ...unknown[]]): readonly Contradiction[] =>
  values.map((value) => ({ field, spoil: (draft) => assign(draft, field, value) }));

/** Puts a value at "process.user.uid", whatever is on the way. */
function assign({ process, root, linux, top, hooks }: Draft, field: string, value: unknown): void {
  const steps = field.split(".");
  const last = steps.pop() ?? "";
  let place: Record<string, unknown> = { process, root, linux, hooks };
  if (!Object.hasOwn(place, steps[0] ?? last)) place = top;
  for (const step of steps) {
    const found = place[step];
    const next =
      typeof found === "object" && found !== null && !Array.isArray(found)
        ? (found as Record<string, unknown>)
        : {};
    place[step] = next;
    place = next;
  }
  place[last] = value;
}

const notAllowed = "SCMP_ACT_ALLOW";
const call = { names: ["getppid"], action: "SCMP_ACT_ERRNO" };
const filter = (more: object): object => ({ defaultAction: notAllowed, syscalls: [], ...more });
const argument = (more: object): object => ({
  syscalls: [{ ...call, args: [{ index: 0, value: 0, op: "SCMP_CMP_EQ", ...more }] }],
});

const ofProcess: readonly Contradiction[] = [
  ...setting("process.args", [], "sh", [1], ["a\0b"]),
  ...setting("process.env", ["=x"], ["NOTHING"], [""], ["A=\0"]),
  ...setting("process.cwd", "", "tmp", "./x", "/a\0"),
  ...setting("process.user.uid", -1, 2 ** 32 - 1, 2 ** 32, 0.5, "0"),
  ...setting("process.user.gid", 2 ** 32 - 1),
  ...setting("process.user.additionalGids", [2 ** 32 - 1], [[]], 5),
  ...setting("process.user.umask", 0o10000, -1),
  ...setting("process.oomScoreAdj", 1001, -1001, "5"),
  ...setting("process.noNewPrivileges", "true", 1),
  ...setting(
    "process.rlimits",
    [{ type: "RLIMIT_NOFILE", soft: 2, hard: 1 }],
    [{ type: "RLIMIT_NO", soft: 1, hard: 1 }],
  ),
  ...setting(
    "process.rlimits",
    Array.from({ length: 2 }, () => ({ type: "RLIMIT_CORE", soft: 1, hard: 1 })),
  ),
  ...setting(
    "process.rlimits",
    [{ type: "RLIMIT_CORE", soft: 2 ** 64, hard: 5 }],
    [{ type: "RLIMIT_CORE", soft: -1, hard: -1 }],
  ),
  ...setting("process.capabilities", []),
  ...setting("process.capabilities.bounding", [5], "CAP_KILL"),
  ...setting(
    "process.scheduler",
    { policy: "SCHED_BEST" },
    { policy: "SCHED_OTHER", priority: 1 },
    { policy: "SCHED_FIFO", nice: 20 },
  ),
  ...setting(
    "process.scheduler",
    { policy: "SCHED_RR", priority: 1, runtime: 5 },
    {},
    { policy: "SCHED_OTHER", flags: ["X"] },
  ),
  ...setting("process.ioPriority", { class: "IOPRIO_CLASS_NONE" }, { class: "IOPRIO_CLASS_BE", priority: 8 }),
  ...setting("process.execCPUAffinity.initial", "x", "3-1", "1-", "1024", "-1"),
];

const ofLinux: readonly Contradiction[] = [
  ...setting("linux.namespaces", [], [{ type: "network" }, { type: "network" }], [{ type: "net" }], [{}]),
  ...setting(
    "linux.uidMappings",
    [{ containerID: 0, hostID: 0, size: 0 }],
    [{ containerID: 5, hostID: 0, size: 2 ** 32 - 1 }],
    Array.from({ length: 340 }, (_, index) => ({
      containerID: index,
      hostID: 1_000_000 + 2 * index,
      size: 1,
    })),
  ),
  ...setting(
    "linux.sysctl",
    { "kernel.panic": "1" },
    { "vm.swappiness": "1" },
    { "net..x": "1" },
    { "net.ipv4.ip_forward": 1 },
  ),
  ...setting(
    "linux.sysctl",
    { "net.ipv4.no_such_thing": "1" },
    { "net.ipv4.ip_forward": "many" },
    { "net.ipv4.conf.é🦉": "" },
  ),
  ...setting("linux.timeOffsets", { realtime: { secs: 1 } }),
  ...setting("linux.maskedPaths", ["etc"], [""], "x"),
  ...setting("linux.readonlyPaths", ["./etc"], [{}]),
  ...setting("linux.cgroupsPath", "/a/../b", "..", 5),
  ...setting("linux.rootfsPropagation", "public", "SHARED"),
  ...setting("linux.personality", { domain: "LINUX64" }, { domain: "LINUX", flags: ["X"] }, {}),
  ...setting(
    "linux.devices",
    [{ path: "/dev/x", type: "c", major: 8, minor: 0 }],
    [{ path: "dev", type: "p" }],
    [{ path: "/dev/x", type: "x" }],
  ),
  ...setting(
    "linux.devices",
    [{ path: "/dev/x", type: "p", fileMode: 0o10000 }],
    [{ path: "/dev/x", type: "p", uid: 2 ** 32 - 1 }],
  ),
  ...setting(
    "linux.seccomp",
    filter({ defaultErrnoRet: 1 }),
    { defaultAction: "SCMP_ACT_NOTIFY" },
    { syscalls: [call] },
  ),
  ...setting(
    "linux.seccomp",
    filter({ syscalls: [{ ...call, names: [] }] }),
    filter({ syscalls: [{ ...call, errnoRet: 4095 }] }),
  ),
  ...setting(
    "linux.seccomp",
    filter({ syscalls: [{ names: ["getppid"], action: notAllowed, errnoRet: 1 }] }),
  ),
  ...setting(
    "linux.seccomp",
    filter(argument({ index: 6 })),
    filter(argument({ op: "SCMP_CMP_IN" })),
    filter(argument({ value: -1 })),
  ),
  ...setting(
    "linux.seccomp",
    filter({ architectures: ["SCMP_ARCH_S390X"] }),
    filter({ flags: ["SECCOMP_FILTER_FLAG_NONE"] }),
  ),
];

const resource = (name: string, ...values: readonly [unknown, ...unknown[]]): readonly Contradiction[] =>
  setting(`linux.resources.${name}`, ...values);

const ofResources: readonly Contradiction[] = [
  ...resource(
    "memory",
    { limit: 2 ** 26, swap: 2 ** 25 },
    { limit: -2 },
    { limit: 0.5 },
    { swappiness: 101 },
  ),
  ...resource("memory", { swap: 2 ** 26 }, { checkBeforeUpdate: 1 }, { limit: "64m" }),
  ...resource(
    "cpu",
    { idle: 2 },
    { shares: -1 },
    { period: -5 },
    { quota: 1.5 },
    { period: 5 },
    { burst: -1 },
  ),
  ...resource("cpu", { quota: 10, period: 100_000 }, { quota: 5000, period: 10_000, burst: 9000 }),
  ...resource("pids", { limit: -2 }, { limit: "1" }),
  ...resource(
    "blockIO",
    { weight: 9 },
    { weight: 1001 },
    { throttleReadBpsDevice: [{ major: 1, minor: 1 }] },
  ),
  ...resource(
    "hugepageLimits",
    [{ pageSize: "2", limit: 0 }],
    [{ pageSize: "3MB", limit: 0 }],
    [{ limit: 1 }],
  ),
  ...resource("rdma", { mlx5_0: { hcaHandles: 3 } }, { "a/b": {} }, { mlx5_0: { hcaObjects: -1 } }),
  ...resource(
    "unified",
    { "cgroup.procs": "1" },
    { "a/b": "1" },
    { "memory.no_such_file": "1" },
    { "memory.high": "much" },
  ),
  ...resource(
    "devices",
    [{ allow: "yes" }],
    [{ allow: true, access: "x" }],
    [{ allow: true, type: "p" }],
    [{}],
  ),
];

const further: readonly Contradiction[] = [
  ...setting("ociVersion", "0.9.0", "1.4.0", "2.0.0", "1", "", 1),
  ...setting("hostname", "x".repeat(65), "é".repeat(33), 5, "a\0"),
  ...setting("domainname", "y".repeat(65), "🦉".repeat(17)),
  ...setting(
    "annotations",
    { "io.runv.memory_mib": "4096" },
    { "io.runv.no_such": "" },
    { "io.runv.": "" },
    { a: 1 },
  ),
  ...setting("annotations", { b: "\0" }, { "io.runv.kernel": "no such kernel" }),
  ...setting("root.path", "", "/no/such/rootfs", "/dev/null", "/proc/self/fd/0\0"),
  ...setting("root.readonly", "yes"),
  ...setting(
    "vm",
    { hypervisor: { path: "/bin/true" } },
    { kernel: { path: "vmlinux" } },
    { kernel: { path: "/boot/vmlinux" } },
  ),
  ...setting(
    "vm",
    { kernel: { path: "/boot/vmlinux", parameters: ["{x}"] } },
    { kernel: { path: "/x", parameters: ["é"] } },
  ),
  ...setting(
    "hooks.prestart",
    [{ path: "bin/sh" }],
    [{ path: "/bin/sh", timeout: 0 }],
    [{ path: "/bin/sh", env: "X=1" }],
    [{}],
  ),
  ...setting("hooks.poststop", [{ path: "/bin/sh", timeout: -1 }], [{ path: "/bin/sh", args: [5] }], {}),
  ...fullMounts.map((mounts) => ({
    field: "mount",
    spoil: (draft: Draft) => void draft.mounts.push(...mounts),
  })),
];

/** A part that only means something with a namespace that the container has not. */
const withoutNamespace = (type: string, field: string, value: unknown): Contradiction => ({
  field,
  spoil: (draft) => {
    const { linux, top } = draft;
    const left = linux.namespaces.filter((namespace) => namespace.type !== type);
    linux.namespaces.splice(0, linux.namespaces.length, ...left);
    Object.assign(top, { hostname: undefined, domainname: undefined });
    const needing = ["sysctl", "timeOffsets", "uidMappings", "gidMappings"];
    Object.assign(linux, Object.fromEntries(needing.map((name) => [name, undefined])));
    assign(draft, field, value);
  },
});

const mapping = [{ containerID: 0, hostID: 1, size: 5 }];

export const contradictions: readonly [Contradiction, ...Contradiction[]] = [
  withoutNamespace("uts", "hostname", "h"),
  withoutNamespace("uts", "domainname", "d"),
  withoutNamespace("ipc", "linux.sysctl", { "kernel.msgmax": "8192" }),
  withoutNamespace("network", "linux.namespaces", [{ type: "pid" }]),
  withoutNamespace("time", "linux.timeOffsets", { boottime: { secs: 5 } }),
  withoutNamespace("user", "linux.uidMappings", mapping),
  withoutNamespace("user", "linux.gidMappings", mapping),
  ...[...ofProcess, ...ofLinux, ...ofResources, ...further],
];
