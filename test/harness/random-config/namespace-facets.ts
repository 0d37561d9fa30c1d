import { execFileSync } from "node:child_process";
import path from "node:path";
import { type Draft, type Facet, fieldsBelow } from "./draft.ts";
import { type IdRange, outsideOf } from "./id-maps.ts";

const lastId = 2 ** 32 - 2;
/** As many as the kernel takes (user_namespaces(7)). */
const maxRanges = 340;

const idRanges: readonly [readonly IdRange[], ...(readonly IdRange[])[]] = [
  [{ containerID: 0, hostID: 100_000, size: 65_536 }],
  [{ containerID: 0, hostID: 0, size: lastId + 1 }],
  [
    { containerID: 0, hostID: 1000, size: 1 },
    { containerID: 1, hostID: 200_001, size: 65_535 },
    { containerID: lastId, hostID: lastId, size: 1 },
  ],
  [
    { containerID: 5, hostID: 70_000, size: 2000 },
    { containerID: 0, hostID: 2 ** 31, size: 5 },
  ],
  [
    { containerID: 1000, hostID: 5000, size: 1 },
    ...Array.from({ length: maxRanges - 1 }, (_, index) => ({
      containerID: index,
      hostID: 1000 + 2 * index,
      size: 1,
    })),
  ],
];

/** Root's files on the container's disk are the host's of the ids that its root has outside. */
const userNamespace: Facet = {
  fields: [
    ...fieldsBelow("linux.uidMappings[]", "containerID", "hostID", "size"),
    ...fieldsBelow("linux.gidMappings[]", "containerID", "hostID", "size"),
  ],
  ask: (draft, random) => {
    const maps = { uids: random.pick(idRanges), gids: random.pick(idRanges) };
    draft.maps = maps;
    draft.linux.namespaces.push({ type: "user" });
    Object.assign(draft.linux, { uidMappings: maps.uids, gidMappings: maps.gids });
    ownRootfs(draft, `${outsideOf(maps.uids, 0)}:${outsideOf(maps.gids, 0)}`);
    for (const [file, ranges] of [
      ["uid_map", maps.uids],
      ["gid_map", maps.gids],
    ] as const) {
      const expected = shown(ranges)
        .map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`)
        .join("");
      const script = `awk '{ printf "%.0f %.0f %.0f\\n", $1, $2, $3 }' /proc/self/${file}`;
      draft.checks.push({ name: file, script, expected });
    }
    draft.checks.push({ name: "root's files", script: "stat -c %u:%g /bin", expected: "0:0\n" });
  },
};

/** The kernel sorts what is more than five (UID_GID_MAP_MAX_BASE_EXTENTS). */
function shown(ranges: readonly IdRange[]): readonly IdRange[] {
  return ranges.length <= 5 ? ranges : ranges.toSorted((one, other) => one.containerID - other.containerID);
}

function ownRootfs(draft: Draft, owner: string): void {
  const rootfs = path.join(draft.directory, "own rootfs");
  execFileSync("cp", ["-a", draft.root.path, rootfs]);
  execFileSync("chown", ["-hR", owner, rootfs]);
  draft.root.path = rootfs;
}

const names: Facet = {
  fields: ["hostname", "domainname", "linux.namespaces[].type"],
  ask: ({ top, checks }, random) => {
    const hostname = random.pick([
      "h",
      "a.b-c",
      "x".repeat(64),
      "9",
      "é🦉",
      "two words",
      "a\nb",
      "$HOME'\"\\",
    ]);
    const domainname = random.pick(["d", "example.org", "y".repeat(64), "é".repeat(32), " "]);
    Object.assign(top, { hostname, domainname });
    const script = "cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname";
    checks.push({ name: "names", script, expected: `${hostname}\n${domainname}\n` });
  },
};

/** Whichever of those that need not be there; those that are not asked for are the guest's. */
const fewerNamespaces: Facet = {
  fields: ["linux.namespaces[].type"],
  ask: ({ linux, top, checks, maps, mounts }, random) => {
    const spare = ["ipc", "uts", "pid", "mount", "cgroup"].filter(() => random.below(4) === 0);
    if (top["hostname"] !== undefined || linux["sysctl"] !== undefined) return;
    // The kernel shows message queues of the guest to none but its own root.
    if (maps !== null && mounts.some((mount) => "type" in mount && mount.type === "mqueue")) return;
    const left = linux.namespaces.filter(({ type }) => !spare.includes(type));
    linux.namespaces.splice(0, linux.namespaces.length, ...left.toReversed());
    // A container never sees the agent, nor what is above its own cgroup.
    const script = "echo $$; cut -d : -f 3 /proc/self/cgroup";
    checks.push({ name: `without ${spare.join(", ")}`, script, expected: "1\n/\n" });
  },
};

const sysctls: Facet = {
  fields: ["linux.sysctl.*"],
  ask: ({ linux, checks }, random) => {
    const values = {
      "net.ipv4.ip_forward": random.pick(["0", "1"]),
      "kernel.msgmax": random.pick(["8192", "65536"]),
      "net.ipv4.ip_local_port_range": random.pick(["1024\t65535", "2000\t3000"]),
      "net/ipv4/conf/lo/forwarding": random.pick(["0", "1"]),
      "kernel.sem": "1\t2\t3\t4",
      "fs.mqueue.msg_max": "7",
    };
    const chosen = Object.entries(values).filter(() => random.below(2) === 0);
    // In no order: what one sets, another may change.
    if (chosen.length > 1 && "net/ipv4/conf/lo/forwarding" in Object.fromEntries(chosen))
      chosen.splice(0, chosen.length, ["net/ipv4/conf/lo/forwarding", "1"]);
    linux["sysctl"] = Object.fromEntries(chosen);
    const files = chosen.map(([name]) => (name.includes("/") ? name : name.replaceAll(".", "/")));
    const script = `cd /proc/sys && cat /dev/null ${files.join(" ")}`;
    checks.push({ name: "sysctl", script, expected: chosen.map(([, value]) => `${value}\n`).join("") });
  },
};

const clocks: Facet = {
  fields: ["monotonic", "boottime"].flatMap((clock) =>
    fieldsBelow(`linux.timeOffsets.${clock}`, "secs", "nanosecs"),
  ),
  ask: ({ linux, checks }, random) => {
    const secs = random.pick([0, 1, 86_400, 1_000_000_000]);
    const nanosecs = random.pick([0, 1, 999_999_999]);
    linux.namespaces.push({ type: "time" });
    linux["timeOffsets"] = { monotonic: { secs, nanosecs }, boottime: { secs: 1000, nanosecs } };
    const script = "awk '{ print $1, $2, $3 }' /proc/self/timens_offsets";
    const expected = `monotonic ${secs} ${nanosecs}\nboottime 1000 ${nanosecs}\n`;
    checks.push({ name: "clocks", script, expected });
  },
};

const personality: Facet = {
  fields: ["linux.personality.domain"],
  ask: ({ linux, checks }, random) => {
    const domain = random.pick(["LINUX", "LINUX32"]);
    linux["personality"] = { domain, ...random.pick([{}, { flags: [] }]) };
    checks.push({
      name: "personality",
      script: "uname -m",
      expected: domain === "LINUX" ? "x86_64\n" : "i686\n",
    });
  },
};

export const namespaceFacets: readonly Facet[] = [names, sysctls, clocks, personality, fewerNamespaces];

/** Comes first: the ids of all others have to be mapped. */
export const userNamespaceFacet: Facet = userNamespace;
