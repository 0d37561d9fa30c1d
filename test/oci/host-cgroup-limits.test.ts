import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { hostCgroupDirectories } from "../../runtime/src/cgroups/host-cgroup.ts";
import { ociSuite } from "./harness/suite.ts";

const mib = 1_048_576;
/** What a runtime may add for itself: a virtual machine with all that belongs to it, under emulation too. */
const ownBytes = 1024 * mib;
const ownTasks = 512;
const ownProcessors = 1;

interface HostLimit {
  readonly what: string;
  readonly resources: object;
  /** The files that have it, in version 2 and in version 1. */
  readonly files: readonly string[];
  readonly asked: number;
  readonly most: number;
}

const limits: readonly HostLimit[] = [
  {
    what: "memory.limit",
    resources: { memory: { limit: 96 * mib } },
    files: ["memory.max", "memory.limit_in_bytes"],
    asked: 96 * mib,
    most: 96 * mib + ownBytes,
  },
  {
    what: "pids.limit",
    resources: { pids: { limit: 30 } },
    files: ["pids.max"],
    asked: 30,
    most: 30 + ownTasks,
  },
  {
    what: "cpu.quota",
    resources: { cpu: { quota: 50_000, period: 100_000 } },
    files: ["cpu.max", "cpu.cfs_quota_us"],
    asked: 50_000,
    most: 50_000 + ownProcessors * 100_000,
  },
];

ociSuite("limits of linux.resources on the host", ({ each }) => {
  each(
    limits,
    ({ what }) => `${what} bounds the cgroup that linux.cgroupsPath names`,
    async (bed, { resources, files, asked, most }) => {
      const cgroup = `/${path.basename(bed.directory)}/limited`;
      await bed.start((config) => {
        config.linux.cgroupsPath = cgroup;
        Object.assign(config.linux.resources, resources);
      });
      const found = files
        .flatMap((name) => hostCgroupDirectories(cgroup).map((directory) => path.join(directory, name)))
        .find((file) => existsSync(file));
      const [first = ""] = readFileSync(found ?? "", "utf8")
        .trim()
        .split(" ");
      expect(Number(first)).toBeGreaterThanOrEqual(asked);
      expect(Number(first)).toBeLessThanOrEqual(most);
    },
    () => "cgroup-limits",
  );
});
