import type { Random } from "../fixtures/grpc/random.ts";
import type { Draft } from "./config-draft.ts";

/** Asks for something in a draft, and says how it shows. */
type Facet = (draft: Draft, random: Random) => void;

const hexOf = (text: string): string => Buffer.from(text).toString("hex");
/** Standard input, without what a shell would make of it. */
const inHex = "od -An -v -tx1 | tr -d ' \\n'; echo";

const capabilityBits = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_FOWNER: 3,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_NET_BIND_SERVICE: 10,
  CAP_SYS_CHROOT: 18,
  CAP_AUDIT_WRITE: 29,
  CAP_CHECKPOINT_RESTORE: 40,
} as const;
const capabilityNames = Object.entries(capabilityBits);

const argumentsFacet: Facet = ({ checks }) => {
  // What they are is chosen last.
  checks.push({ name: "arguments", script: `for word; do printf %s "$word" | ${inHex}; done`, expected: "" });
};

const environment: Facet = ({ process, checks }, random) => {
  const value = random.pick(["", " ", "=", "a=b=c", "\n", "'\"$`\\", "é🦉", "x".repeat(20_000)]);
  process.env.push(`ODD_1=${value}`);
  checks.push({
    name: "environment",
    script: `printf %s "$ODD_1" | ${inHex}`,
    expected: `${hexOf(value)}\n`,
  });
};

const names: Facet = ({ top, checks }, random) => {
  const hostname = random.pick(["h", "a.b-c", "x".repeat(64), "9"]);
  const domainname = random.pick(["d", "example.org", "y".repeat(64)]);
  Object.assign(top, { hostname, domainname });
  const script = "cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname";
  checks.push({ name: "names", script, expected: `${hostname}\n${domainname}\n` });
};

const ids: Facet = ({ process: { user }, checks, isRoot }, random) => {
  const id = isRoot ? 0 : random.pick([1, 65_534, 65_536, 2 ** 31, 2 ** 32 - 2]);
  const gid = random.pick([0, 5, 65_535, 2 ** 32 - 2]);
  const groups = random.pick([
    [],
    [7],
    [1, 2, 3],
    [2 ** 32 - 2],
    Array.from({ length: 64 }, (_, index) => index + 10),
  ]);
  Object.assign(user, { uid: id, gid, additionalGids: groups });
  const script = "awk '/^(Uid|Gid|Groups):/ { $1 = \"\"; print }' /proc/self/status | sed 's/^ *//; s/ *$//'";
  const four = (value: number): string => Array.from({ length: 4 }, () => value).join(" ");
  const sorted = [...new Set(groups)].sort((one, other) => one - other).join(" ");
  checks.push({ name: "ids", script, expected: `${four(id)}\n${four(gid)}\n${sorted}\n` });
};

const umask: Facet = ({ process: { user }, checks }, random) => {
  const value = random.pick([0, 0o22, 0o77, 0o777]);
  Object.assign(user, { umask: value });
  checks.push({ name: "umask", script: "umask", expected: `0${value.toString(8).padStart(3, "0")}\n` });
};

const directory: Facet = ({ process, checks }, random) => {
  const cwd = random.pick(["/", "/tmp", "/proc", "/dev/shm", "/bin"]);
  process["cwd"] = cwd;
  checks.push({ name: "cwd", script: "pwd -P", expected: `${cwd}\n` });
};

/** One set for what a process may have: root's exec gives it all of that, and another user's what is ambient (capabilities(7)). */
const capabilities: Facet = ({ process, checks, isRoot }, random) => {
  const chosen = capabilityNames.filter(() => random.below(2) === 0);
  const set = chosen.map(([name]) => name);
  const ambient = random.below(2) === 0 ? set : [];
  process["capabilities"] = { bounding: set, effective: set, permitted: set, inheritable: ambient, ambient };
  const mask = (bits: readonly (readonly [string, number])[]): string =>
    bits
      .reduce((sum, [, bit]) => sum | (1n << BigInt(bit)), 0n)
      .toString(16)
      .padStart(16, "0");
  const had = isRoot || ambient.length > 0 ? mask(chosen) : mask([]);
  const raised = ambient.length > 0 ? mask(chosen) : mask([]);
  const expected = [raised, had, had, mask(chosen), raised].join("\n");
  checks.push({
    name: "capabilities",
    script: "awk '/^Cap/ { print $2 }' /proc/self/status",
    expected: `${expected}\n`,
  });
};

const privileges: Facet = ({ process, checks }, random) => {
  const noNewPrivileges = random.below(2) === 0;
  const oomScoreAdj = random.pick([-999, -1, 0, 1, 1000]);
  Object.assign(process, { noNewPrivileges, oomScoreAdj });
  const script = "awk '/^NoNewPrivs/ { print $2 }' /proc/self/status; cat /proc/self/oom_score_adj";
  checks.push({ name: "privileges", script, expected: `${Number(noNewPrivileges)}\n${oomScoreAdj}\n` });
};

const limitLines = {
  RLIMIT_NOFILE: "Max open files",
  RLIMIT_CORE: "Max core file size",
  RLIMIT_CPU: "Max cpu time",
  RLIMIT_MSGQUEUE: "Max msgqueue size",
} as const;

const limits: Facet = ({ process, checks }, random) => {
  const chosen = Object.entries(limitLines).filter(() => random.below(2) === 0);
  const rlimits = chosen.map(([type]) => {
    const hard =
      type === "RLIMIT_NOFILE"
        ? random.pick([64, 1024, 4096])
        : random.pick([3600, 2 ** 31, 2 ** 40, 2 ** 64]);
    return { type, hard, soft: random.pick([hard, Math.min(hard, 2048)]) };
  });
  process["rlimits"] = rlimits;
  const text = (value: number): string => (value > 2 ** 60 ? "unlimited" : String(value));
  const lines = chosen.map(([, line]) => line).join("|");
  // The kernel's order, which is not that of the request.
  const order = ["RLIMIT_CPU", "RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_MSGQUEUE"];
  const expected = order
    .flatMap((name) => rlimits.filter(({ type }) => type === name))
    .map(({ soft, hard }) => `${text(soft)} ${text(hard)}\n`);
  const script = `grep -E '^(${lines || "none"})' /proc/self/limits | cut -c 27- | awk '{ print $1, $2 }'`;
  checks.push({ name: "limits", script, expected: expected.join("") });
};

const readonlyRoot: Facet = ({ root, checks, isRoot }, random) => {
  root.readonly = random.below(2) === 0;
  if (!isRoot) return;
  const expected = root.readonly ? "no\n" : "yes\n";
  checks.push({
    name: "root.readonly",
    script: "(: >/tmp/probe) 2>/dev/null && echo yes || echo no",
    expected,
  });
};

const directories: readonly string[] = [
  "/new",
  "/tmp/deep/er",
  "/mnt/with space",
  "/é🦉",
  "relative/here",
  "/a/../b//c/.",
];

const mountedDirectory: Facet = ({ mounts, checks }, random) => {
  // What is mounted twice in one place shows once.
  const free = directories.filter((one) => !checks.some(({ name }) => name === `tmpfs at ${one}`));
  const destination = free[random.below(free.length)] ?? "/new";
  const flags = ["nosuid", "nodev", "noexec", "noatime", "ro"].filter(() => random.below(2) === 0);
  const mode = random.pick(["700", "1777", "0"]);
  const sizeKib = random.pick([4, 64, 10_240]);
  mounts.push({
    destination,
    type: "tmpfs",
    source: "odd",
    options: [...flags, `mode=${mode}`, `size=${sizeKib}k`],
  });
  const at = `/${destination}`.replace("/a/../b//c/.", "/b/c").replace(/^\/+/, "/");
  const script = `stat -c %a '${at}'; grep -F ' ${at.replaceAll(" ", "\\040")} ' /proc/self/mountinfo | awk '{ print $6 }' | tr , '\\n' | grep -xE 'nosuid|nodev|noexec|noatime|ro' | sort | tr '\\n' ' '; echo; stat -f -c %b '${at}'`;
  const expected = `${Number(mode)}\n${flags
    .toSorted()
    .map((flag) => `${flag} `)
    .join("")}\n${sizeKib / 4}\n`;
  checks.push({ name: `tmpfs at ${destination}`, script, expected });
};

const hiddenPaths: Facet = ({ linux, checks, isRoot }) => {
  linux["maskedPaths"] = ["/proc/interrupts", "/etc", "/no/such/path"];
  linux["readonlyPaths"] = ["/proc/sys", "/usr", "/no/such/path"];
  const write = isRoot ? "(: >/usr/probe) 2>/dev/null && echo yes || echo no" : "echo no";
  const script = `ls /etc 2>/dev/null | wc -l; wc -c </proc/interrupts; ${write}`;
  checks.push({ name: "masked and read-only paths", script, expected: "0\n0\nno\n" });
};

const sysctls: Facet = ({ linux, checks }, random) => {
  const [forward, messages, ports] = [
    random.pick(["0", "1"]),
    random.pick(["8192", "65536"]),
    random.pick(["1024\t65535", "2000\t3000"]),
  ];
  linux["sysctl"] = {
    "net.ipv4.ip_forward": forward,
    "kernel.msgmax": messages,
    "net.ipv4.ip_local_port_range": ports,
  };
  const script = "cd /proc/sys; cat net/ipv4/ip_forward kernel/msgmax net/ipv4/ip_local_port_range";
  checks.push({ name: "sysctl", script, expected: `${forward}\n${messages}\n${ports}\n` });
};

const devices: Facet = ({ linux, checks }, random) => {
  const fileMode = random.pick([0, 0o600, 0o666]);
  const [uid, gid] = [random.pick([0, 1000, 2 ** 32 - 2]), random.pick([0, 5])];
  linux["devices"] = [
    { path: "/dev/deep/odd", type: "c", major: 1, minor: 3, fileMode, uid, gid },
    { path: "/dev/pipe", type: "p", fileMode, uid, gid },
  ];
  const expected = `1 3 ${fileMode.toString(8)} ${uid} ${gid} character special file\n${fileMode.toString(8)} ${uid} ${gid} fifo\n`;
  const script = "stat -c '%t %T %a %u %g %F' /dev/deep/odd; stat -c '%a %u %g %F' /dev/pipe";
  checks.push({ name: "devices", script, expected });
};

const resources: Facet = ({ linux: { resources: asked }, checks }, random) => {
  const memoryMib = random.pick([64, 100, 256]);
  const pids = random.pick([32, 1000]);
  const [quota, period] = random.pick<readonly [number, number]>([
    [50_000, 100_000],
    [1000, 1000],
    [-1, 100_000],
  ]);
  Object.assign(asked, {
    memory: { limit: memoryMib * 2 ** 20 },
    pids: { limit: pids },
    cpu: { quota, period },
  });
  const script = "cd /sys/fs/cgroup; cat memory.max pids.max cpu.max";
  const expected = `${memoryMib * 2 ** 20}\n${pids}\n${quota === -1 ? "max" : quota} ${period}\n`;
  checks.push({ name: "resources", script, expected });
};

const clocks: Facet = ({ linux, checks }, random) => {
  const secs = random.pick([0, 1, 86_400, 1_000_000_000]);
  const nanosecs = random.pick([0, 1, 999_999_999]);
  linux.namespaces.push({ type: "time" });
  linux["timeOffsets"] = { monotonic: { secs, nanosecs }, boottime: { secs: 1000 } };
  const script = "awk '{ print $1, $2, $3 }' /proc/self/timens_offsets";
  checks.push({ name: "clocks", script, expected: `monotonic ${secs} ${nanosecs}\nboottime 1000 0\n` });
};

/** In the order in which they are asked for. */
export const facets: readonly Facet[] = [
  ...[argumentsFacet, environment, names, ids, umask, directory, capabilities, privileges, limits],
  ...[readonlyRoot, mountedDirectory, mountedDirectory, hiddenPaths, sysctls, devices, resources, clocks],
];
