import { posix } from "node:path";
import {
  type Draft,
  type Facet,
  fieldsBelow,
  optionsLine,
  printOptions,
  quoted,
  shuffled,
  someOf,
} from "./draft.ts";
import { mappedOf } from "./id-maps.ts";

const readonlyRoot: Facet = {
  fields: ["root.path", "root.readonly"],
  ask: ({ root, directory, checks, isRoot }, random) => {
    root.readonly = random.below(2) === 0;
    if (random.below(2) === 0) root.path = posix.relative(directory, root.path);
    if (!isRoot) return;
    const expected = root.readonly ? "no\n" : "yes\n";
    const script = "(: >/tmp/probe) 2>/dev/null && echo yes || echo no";
    checks.push({ name: "root.readonly", script, expected });
  },
};

/** Of places where nothing is, as config.json may write them. */
const newPlaces: readonly string[] = [
  "/new",
  "/tmp/deep/er",
  "/mnt/with space",
  "/é🦉",
  "relative/here",
  "/a/../b//c/.",
  "/line\nand\ttab",
  "/back\\slash'\"$HOME",
  `/${"long".repeat(60)}`,
  "/dev/deep/place",
];

/** One that is still free, as config.json has it, and where it is. What is mounted twice in one place shows once. */
export function newPlace(
  { mounts, warnings }: Draft,
  below: (limit: number) => number,
): { readonly destination: string; readonly at: string } {
  const taken = new Set(
    mounts.flatMap((mount) => Object.entries(mount).map(([, value]: [string, unknown]) => value)),
  );
  const free = newPlaces.filter((place) => !taken.has(place));
  const destination = free[below(free.length)] ?? "/one/more";
  if (!destination.startsWith("/")) warnings.push("destination: taken as relative");
  return { destination, at: posix.resolve("/", destination) };
}

const flags = ["nosuid", "nodev", "noexec", "noatime", "ro"];

const tmpfs: Facet = {
  fields: fieldsBelow("mounts[]", "destination", "type", "source", "options"),
  ask: (draft, random) => {
    const { destination, at } = newPlace(draft, (limit) => random.below(limit));
    const chosen = someOf(random, flags);
    const mode = random.pick(["700", "1777", "0"]);
    const sizeKib = random.pick([4, 64, 10_240]);
    const source = random.pick(["odd", "", "é🦉 \n"]);
    const options = shuffled(random, [...chosen, ...chosen, `mode=${mode}`, `size=${sizeKib}k`]);
    draft.mounts.push({ destination, type: "tmpfs", source, options });
    const script = `stat -c %a ${quoted(at)}; ${printOptions(at, flags)}; stat -f -c %b ${quoted(at)}`;
    const expected = `${Number(mode)}\n${optionsLine(chosen)}${sizeKib / 4}\n`;
    draft.checks.push({ name: `tmpfs at ${destination}`, script, expected });
  },
};

/** What a guest's kernel has besides, each in its place. */
const kernelFileSystems = [
  { destination: "/dev/mqueue", type: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  {
    destination: "/dev/pts",
    type: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
  },
  { destination: "/mnt/ramfs", type: "ramfs", options: [] },
] as const;

const otherMounts: Facet = {
  fields: fieldsBelow("mounts[]", "destination", "type", "source", "options"),
  ask: ({ mounts, checks, maps, linux }, random) => {
    // Of a user namespace, a ramfs is none (FS_USERNS_MOUNT), and message queues are those of an ipc namespace of its own.
    const hasQueues = linux.namespaces.some(({ type }) => type === "ipc");
    const mountable = { ramfs: maps === null, mqueue: maps === null || hasQueues, devpts: true };
    const chosen = someOf(random, kernelFileSystems).filter(({ type }) => mountable[type]);
    for (const { destination, type, options } of chosen) {
      mounts.push({ destination, type, source: type, ...(options.length === 0 ? {} : { options }) });
      const script = `awk '$5 == "${destination}"' /proc/self/mountinfo | sed 's/.* - //' | cut -d ' ' -f 1`;
      checks.push({ name: type, script, expected: `${type}\n` });
    }
  },
};

const hiddenPaths: Facet = {
  fields: ["linux.maskedPaths", "linux.readonlyPaths"],
  ask: ({ linux, checks, isRoot }, random) => {
    const odd = random.pick([
      [],
      ["/no/such/path", "/etc/passwd/below"],
      ["/etc", "/etc"],
      ["/proc/interrupts/../interrupts"],
    ]);
    linux["maskedPaths"] = ["/proc/interrupts", "/etc", ...odd];
    linux["readonlyPaths"] = ["/proc/sys", "/usr", ...odd.filter((path) => path !== "/etc"), "/usr"];
    const write = isRoot ? "(: >/usr/probe) 2>/dev/null && echo yes || echo no" : "echo no";
    const script = `ls /etc 2>/dev/null | wc -l; wc -c </proc/interrupts; ${write}`;
    checks.push({ name: "masked and read-only paths", script, expected: "0\n0\nno\n" });
  },
};

const propagations: Readonly<Record<string, string>> = {
  shared: "shared",
  rshared: "shared",
  private: "",
  rprivate: "",
  slave: "",
  rslave: "",
  unbindable: "unbindable",
};

const rootfsPropagation: Facet = {
  fields: ["linux.rootfsPropagation"],
  ask: ({ linux, checks }, random) => {
    const kind = random.pick(["shared", "rshared", "private", "rprivate", "slave", "rslave", "unbindable"]);
    linux["rootfsPropagation"] = kind;
    const script = `awk '$5 == "/" { for (i = 7; $i != "-"; i++) print $i }' /proc/self/mountinfo | sed 's/:.*//'`;
    const shown = propagations[kind] ?? "";
    checks.push({ name: "propagation", script, expected: shown === "" ? "" : `${shown}\n` });
  },
};

const devices: Facet = {
  fields: fieldsBelow("linux.devices[]", "type", "path", "fileMode", "major", "minor", "uid", "gid"),
  ask: ({ linux, checks, maps }, random) => {
    const fileMode = random.pick([0, 0o600, 0o666, 0o7777]);
    const [uid, gid] = [
      random.pick(mappedOf(maps?.uids, [0, 1000, 2 ** 32 - 2])),
      random.pick(mappedOf(maps?.gids, [0, 5])),
    ];
    linux["devices"] = [
      { path: "/dev/deep/odd", type: random.pick(["c", "u"]), major: 1, minor: 3, fileMode, uid, gid },
      { path: "/dev/pipe é🦉\n", type: "p", fileMode, uid, gid },
      { path: "/dev/loop9", type: "b", major: 7, minor: 9, fileMode, uid, gid },
      { path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 0o666 },
    ];
    const [mode, owner] = [fileMode.toString(8), `${uid} ${gid}`];
    const expected = `1 3 ${mode} ${owner} character special file\n${mode} ${owner} fifo\n7 9 ${mode} ${owner} block special file\n`;
    const script = `stat -c '%t %T %a %u %g %F' /dev/deep/odd; stat -c '%a %u %g %F' '/dev/pipe é🦉\n'; stat -c '%t %T %a %u %g %F' /dev/loop9`;
    checks.push({ name: "devices", script, expected });
  },
};

interface DeviceRule {
  readonly allow: boolean;
  readonly type?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly access?: string;
}

const fuse = { major: 10, minor: 229 };
const deviceRules: readonly [DeviceRule, ...DeviceRule[]] = [
  { allow: true, type: "c", ...fuse, access: "rw" },
  { allow: true, type: "c", ...fuse, access: "r" },
  { allow: true, type: "c", major: 10, minor: -1, access: "rwm" },
  { allow: true },
  { allow: true, type: "a", access: "" },
  { allow: true, type: "b", ...fuse, access: "rwm" },
  { allow: true, type: "c", major: 4095, minor: 1_048_575, access: "rwm" },
  { allow: false, type: "c", ...fuse },
  { allow: false, type: "c", ...fuse, access: "w" },
  { allow: false, access: "rwm" },
];

/** Whether the last rules about it leave it a way to be opened. */
function isAllowed(rules: readonly DeviceRule[], access: string): boolean {
  const about = ({ type = "a", major = -1, minor = -1 }: DeviceRule): boolean =>
    ["a", "c"].includes(type) && [-1, fuse.major].includes(major) && [-1, fuse.minor].includes(minor);
  const last = rules.findLast((rule) => about(rule) && (rule.access || "rwm").includes(access));
  return last?.allow === true;
}

const deviceAccess: Facet = {
  fields: fieldsBelow("linux.resources.devices[]", "allow", "type", "major", "minor", "access"),
  ask: ({ linux, checks, process: { user } }, random) => {
    const rules = Array.from({ length: random.below(4) }, () => random.pick(deviceRules));
    linux.resources.devices.push(...rules);
    const listed = Array.isArray(linux["devices"]) ? (linux["devices"] as readonly object[]) : [];
    linux["devices"] = [...listed, { path: "/dev/odd-fuse", type: "c", ...fuse, uid: user["uid"] }];
    const script =
      "(: </dev/odd-fuse) 2>/dev/null && echo yes || echo no; (: >/dev/odd-fuse) 2>/dev/null && echo yes || echo no";
    const expected = ["r", "w"].map((access) => (isAllowed(rules, access) ? "yes\n" : "no\n")).join("");
    checks.push({ name: `access by ${JSON.stringify(rules)}`, script, expected });
  },
};

export const fileFacets: readonly Facet[] = [
  ...[readonlyRoot, tmpfs, tmpfs, otherMounts, hiddenPaths, rootfsPropagation, devices, deviceAccess],
];
