import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { hostCgroupDirectories } from "../../../runtime/src/cgroups/host-cgroup.ts";
import { type Draft, type Facet, fieldsBelow } from "./draft.ts";

const mib = 2 ** 20;

function memberOf({ linux: { resources } }: Draft, name: string): Record<string, unknown> {
  const found = resources[name];
  const members = { ...(typeof found === "object" ? found : {}) };
  resources[name] = members;
  return members;
}

/** A file of the container's own cgroup. */
function cgroupFile(draft: Draft, file: string, expected: string | number): void {
  draft.checks.push({ name: file, script: `cat /sys/fs/cgroup/${file}`, expected: `${expected}\n` });
}

const memory: Facet = {
  fields: fieldsBelow("linux.resources.memory", "limit", "reservation", "swap", "checkBeforeUpdate"),
  ask: (draft, random) => {
    const limit = random.pick([64 * mib, 100 * mib + 4096, 256 * mib, -1, 0]);
    const swap =
      limit > 0
        ? random.pick<object>([{}, { swap: limit }, { swap: -1 }])
        : random.pick<object>([{}, { swap: -1 }]);
    const reservation = random.pick([0, 4096, 32 * mib, -1]);
    Object.assign(memberOf(draft, "memory"), { limit, ...swap, reservation, checkBeforeUpdate: true });
    cgroupFile(draft, "memory.max", limit > 0 ? limit : "max");
    cgroupFile(draft, "memory.low", reservation === -1 ? "max" : reservation);
  },
};

const noEffect: Facet = {
  fields: fieldsBelow("linux.resources.memory", "kernel", "kernelTCP", "swappiness", "useHierarchy"),
  ask: (draft, random) => {
    const asked = random.pick<object>([
      { kernel: -1, kernelTCP: 2 ** 62 },
      { swappiness: 0 },
      { swappiness: 100, useHierarchy: false },
    ]);
    Object.assign(memberOf(draft, "memory"), asked);
    draft.warnings.push(...Object.keys(asked).map((name) => `linux.resources.memory.${name}: is ignored`));
  },
};

const pids: Facet = {
  fields: ["linux.resources.pids.limit"],
  ask: (draft, random) => {
    const limit = random.pick([32, 1000, 4_194_304, -1, 0]);
    Object.assign(memberOf(draft, "pids"), { limit });
    cgroupFile(draft, "pids.max", limit > 0 ? limit : "max");
  },
};

const time: Facet = {
  fields: fieldsBelow("linux.resources.cpu", "quota", "period", "burst"),
  ask: (draft, random) => {
    const [quota, period] = random.pick<readonly [number, number]>([
      [50_000, 100_000],
      [1000, 1000],
      [1_000_000, 1_000_000],
      [-1, 100_000],
      [-5, 20_000],
    ]);
    const burst = quota > 0 ? random.pick([0, 1000]) : 0;
    Object.assign(memberOf(draft, "cpu"), { quota, period, burst });
    cgroupFile(draft, "cpu.max", `${quota < 0 ? "max" : quota} ${period}`);
    cgroupFile(draft, "cpu.max.burst", burst);
  },
};

/** As runc works weights out since 1.4; what is beyond the bounds counts as them. */
const weights: readonly [readonly [number, number], ...(readonly [number, number])[]] = [
  [1024, 100],
  [1, 1],
  [2, 1],
  [262_144, 10_000],
  [2 ** 50, 10_000],
];

const weight: Facet = {
  fields: fieldsBelow("linux.resources.cpu", "shares", "idle"),
  ask: (draft, random) => {
    const [shares, shown] = random.pick(weights);
    // Beside all that this host does besides, a container that is to have next to nothing would get that.
    if (shares < 1024 && draft.linux["cgroupsPath"] !== undefined) return;
    const idle = random.pick<object>([{}, {}, { idle: 0 }]);
    Object.assign(memberOf(draft, "cpu"), { shares, ...idle });
    cgroupFile(draft, "cpu.weight", shown);
    if (random.below(3) > 0) return;
    // What is idle has no weight.
    Object.assign(memberOf(draft, "cpu"), { shares: 0, idle: 1 });
    draft.checks.pop();
    cgroupFile(draft, "cpu.idle", 1);
  },
};

/** A file of the container's cgroup on the host, whatever the version. */
function onHost(draft: Draft, names: readonly string[], expected: string): void {
  const asked = draft.linux["cgroupsPath"];
  const cgroup = typeof asked === "string" ? asked : `/runv/${draft.id}`;
  const files = names.flatMap((name) =>
    hostCgroupDirectories(cgroup).map((directory) => path.join(directory, name)),
  );
  const script = `cat ${files.map((file) => `'${file}'`).join(" ")} 2>/dev/null | head -n 1`;
  draft.hostScripts.push({ name: names.join(" or "), script, expected: `${expected}\n` });
}

const placement: Facet = {
  fields: fieldsBelow("linux.resources.cpu", "cpus", "mems"),
  ask: (draft, random) => {
    const cpus = random.pick(["0", "0-0", "0,0"]);
    Object.assign(memberOf(draft, "cpu"), { cpus, mems: "0" });
    onHost(draft, ["cpuset.cpus"], "0");
    onHost(draft, ["cpuset.mems"], "0");
  },
};

/** The first disk that this host has; null: none. */
function firstDisk(): { readonly major: number; readonly minor: number } | null {
  const [line = ""] = readFileSync("/proc/partitions", "utf8").trimEnd().split("\n").slice(2);
  const [major, minor] = line.trim().split(/\s+/);
  return minor === undefined ? null : { major: Number(major), minor: Number(minor) };
}

const throttles = {
  throttleReadBpsDevice: "blkio.throttle.read_bps_device",
  throttleWriteBpsDevice: "blkio.throttle.write_bps_device",
  throttleReadIOPSDevice: "blkio.throttle.read_iops_device",
  throttleWriteIOPSDevice: "blkio.throttle.write_iops_device",
} as const;

const blockIo: Facet = {
  fields: [
    ...fieldsBelow("linux.resources.blockIO", "weight", "leafWeight"),
    ...fieldsBelow("linux.resources.blockIO.weightDevice[]", "major", "minor", "weight", "leafWeight"),
    ...Object.keys(throttles).flatMap((name) =>
      fieldsBelow(`linux.resources.blockIO.${name}[]`, "major", "minor", "rate"),
    ),
  ],
  ask: (draft, random) => {
    const disk = firstDisk();
    const blockIO = memberOf(draft, "blockIO");
    const share = random.pick([10, 100, 1000]);
    Object.assign(blockIO, { weight: share });
    const script =
      "cd /sys/fs/cgroup; cat io.bfq.weight io.weight 2>/dev/null | awk '/default/ { print $2; exit }'";
    const ofIo = 1 + Math.trunc(((share - 10) * 9999) / 990);
    draft.checks.push({
      name: "blockIO.weight",
      script: `(${script}) | grep -xE '${share}|${ofIo}' | wc -l`,
      expected: "1\n",
    });
    draft.possibleWarnings.push("linux.resources.blockIO");
    // On the host alone, by what its kernel and disks have.
    if (random.below(8) === 0) Object.assign(blockIO, { leafWeight: 500 });
    draft.possibleFailures.push("linux.resources.blockIO.leafWeight", "linux.resources.blockIO.weightDevice");
    if (disk === null) return;
    if (random.below(8) === 0)
      Object.assign(blockIO, { weightDevice: [{ ...disk, weight: 300, leafWeight: 10 }] });
    for (const [name, file] of Object.entries(throttles)) {
      if (random.below(2) === 0) continue;
      const rate = random.pick([1_000_000_000, 2 ** 31 - 1]);
      Object.assign(blockIO, { [name]: [{ ...disk, rate }] });
      if (
        hostCgroupDirectories("/runv").some((directory) =>
          existsSync(path.join(path.dirname(directory), file)),
        )
      )
        onHost(draft, [file], `${disk.major}:${disk.minor} ${rate}`);
    }
  },
};

const hugepages: Facet = {
  fields: fieldsBelow("linux.resources.hugepageLimits[]", "pageSize", "limit"),
  ask: (draft, random) => {
    const limit = random.pick([0, 2 * mib, 2 ** 40]);
    draft.linux.resources["hugepageLimits"] = [{ pageSize: "2MB", limit }];
    cgroupFile(draft, "hugetlb.2MB.max", limit);
  },
};

/** Counts last. */
const unified: Facet = {
  fields: ["linux.resources.unified.*"],
  ask: (draft, random) => {
    const files = random.pick<Readonly<Record<string, string>>>([
      {},
      { "memory.high": "100003840" },
      { "memory.high": "max", "memory.min": "0" },
    ]);
    draft.linux.resources["unified"] = files;
    for (const [name, value] of Object.entries(files)) cgroupFile(draft, name, value);
  },
};

const cgroupsPath: Facet = {
  fields: ["linux.cgroupsPath"],
  ask: (draft, random) => {
    const outer = `/${draft.id}-outer`;
    const cgroup = `${outer}${random.pick(["", "/inner", "/a b/é🦉", `/${"x".repeat(200)}`])}`;
    draft.linux["cgroupsPath"] = cgroup;
    draft.hostScripts.push({
      name: "cgroupsPath",
      script: `grep -cF ':${cgroup}' /proc/$pid/cgroup | grep -vx 0 >/dev/null && echo there`,
      expected: "there\n",
    });
    const left = (): string =>
      hostCgroupDirectories(cgroup)
        .filter((directory) => existsSync(directory))
        .join("\n");
    draft.hostChecks.push({ name: "left of the cgroup", found: left, expected: "" });
  },
};

export const resourceFacets: readonly Facet[] = [
  ...[cgroupsPath, memory, noEffect, pids, time, weight, placement, blockIo, hugepages, unified],
];
