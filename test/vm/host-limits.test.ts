import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { hostCgroupDirectories } from "../../runtime/src/cgroups/host-cgroup.ts";
import { leavesNothing, useRunv } from "../harness/leftovers.ts";

const runv = useRunv();

const bytesPerMib = 1_048_576;
const limitMib = 128;
const pidsLimit = 20;
const throttledBps = 104_857_600;
const resources = {
  memory: { limit: limitMib * bytesPerMib },
  cpu: { quota: 50_000, period: 100_000, shares: 512 },
  pids: { limit: pidsLimit },
};
/** Ends what hangs, and bounds nothing. */
const busyTimeoutMs = 200_000;
/** A quarter of a processor is the machine's own. */
const quotaAndOwn = 75_000;

/** The first disk that this host has; null: none. */
function firstDisk(): { major: number; minor: number } | null {
  const lines = readFileSync("/proc/partitions", "utf8").trimEnd().split("\n").slice(2);
  const [major, minor] = lines[0]?.trim().split(/\s+/) ?? [];
  return major === undefined ? null : { major: Number(major), minor: Number(minor) };
}

/** The files of a cgroup, whatever the version. @returns the first of `names` that there is; "" when there is none */
function read(cgroup: string, ...names: readonly string[]): string {
  const files = names.flatMap((name) =>
    hostCgroupDirectories(cgroup).map((directory) => path.join(directory, name)),
  );
  const file = files.find((one) => existsSync(one));
  return file === undefined ? "" : readFileSync(file, "utf8").trim();
}

test("limits on the host are the container's and what its machine needs, and go with it", async () => {
  const cgroup = `/${path.basename(runv().directory)}-outer/inner`;
  const disk = firstDisk();
  const blockIO = disk === null ? {} : { throttleReadBpsDevice: [{ ...disk, rate: throttledBps }] };
  const id = await runv().create({
    args: ["sleep", "1000000"],
    cgroupsPath: cgroup,
    resources: { ...resources, blockIO },
  });
  expect(readFileSync(runv().errors(id), "utf8")).toBe("");
  const memory = Number(read(cgroup, "memory.max", "memory.limit_in_bytes"));
  expect(memory).toBeGreaterThan((limitMib + 32) * bytesPerMib);
  expect(memory).toBeLessThan((limitMib + 1024) * bytesPerMib);
  const pids = Number(read(cgroup, "pids.max"));
  expect(pids).toBeGreaterThan(pidsLimit + Number(read(cgroup, "pids.current")));
  expect(pids).toBeLessThan(pidsLimit + 512);
  const quota = read(cgroup, "cpu.max") || `${read(cgroup, "cpu.cfs_quota_us")} 100000`;
  expect(quota).toBe(`${quotaAndOwn} 100000`);
  expect(["512", "59"]).toContain(read(cgroup, "cpu.shares", "cpu.weight"));
  const throttled = read(cgroup, "blkio.throttle.read_bps_device", "io.max");
  if (disk !== null) expect(throttled).toMatch(`${disk.major}:${disk.minor} `);
  if (disk !== null) expect(throttled).toContain(`${throttledBps}`);
  await runv().ok(["update", "--pids-limit", "-1", id]);
  expect(read(cgroup, "pids.max")).toBe("max");
  await runv().ok(["delete", "--force", id]);
  expect(hostCgroupDirectories(cgroup).filter((directory) => existsSync(directory))).toEqual([]);
});

test("VMM, monitor and proxies are in the container's cgroup", async () => {
  const cgroup = `/${path.basename(runv().directory)}-outer/members`;
  const id = await runv().create({ args: ["sleep", "1000000"], cgroupsPath: cgroup });
  const names = read(cgroup, "cgroup.procs")
    .split("\n")
    .map((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim());
  for (const name of ["runv-monitor", "runv-proxy"]) expect(names).toContain(name);
  expect(names.some((name) => name.startsWith("qemu"))).toBe(true);
  await runv().ok(["delete", "--force", id]);
});

test("a container that uses all that it may does not come to the host's limits", async () => {
  const cgroup = `/${path.basename(runv().directory)}-outer/busy`;
  const script = [
    "dd if=/dev/zero of=/dev/shm/held bs=1M count=60",
    "dd if=/dev/zero of=/written bs=1M count=100",
    "cat /written | md5sum",
    "find / -xdev -type f | wc -l",
    "ls -l /dev/shm/held",
    "echo done",
    "exec sleep 1000000",
  ].join(" && ");
  const id = await runv().create({
    args: ["sh", "-c", script],
    cgroupsPath: cgroup,
    resources,
  });
  await runv().ok(["start", id]);
  await expect
    .poll(() => readFileSync(runv().output(id), "utf8"), { timeout: busyTimeoutMs, interval: 200 })
    .toContain("done\n");
  const killed = /oom_kill (\d+)/.exec(read(cgroup, "memory.events", "memory.oom_control"))?.[1];
  expect(killed).toBe("0");
  expect(await runv().status(id)).toBe("running");
  await runv().ok(["delete", "--force", id]);
});

leavesNothing(runv);
