import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { BundleOptions } from "../../../harness/bundle.ts";
import { hostProcesses } from "../../../harness/host-processes.ts";
import { eventually, leavesNothing, useRunv } from "../../../harness/leftovers.ts";
import type { Runv } from "../../../harness/runv.ts";
import {
  cgroupFile,
  cgroupsAt,
  foreignScope,
  isUnified,
  systemctl,
  systemdCgroupOf,
  unitProperties,
  unitsWith,
} from "../../../harness/systemd.ts";

const mib = 1_048_576;
const slice = "rtest-inner.slice";
const slicePath = `/rtest.slice/${slice}`;
const resources = {
  memory: { limit: 96 * mib },
  pids: { limit: 40 },
  cpu: { shares: 1024, quota: 50_000, period: 100_000, cpus: "0" },
};
/** What systemd and the kernel say of the same limit. */
const limits = isUnified
  ? { MemoryMax: "memory.max", TasksMax: "pids.max", CPUWeight: "cpu.weight", AllowedCPUs: "cpuset.cpus" }
  : { MemoryLimit: "memory.limit_in_bytes", TasksMax: "pids.max", CPUShares: "cpu.shares" };

// runc calls block I/O otherwise with version 1.
const accounting = [
  "MemoryAccounting",
  "CPUAccounting",
  "TasksAccounting",
  ...(isUnified ? ["IOAccounting"] : []),
];

/** @returns the quota in microseconds for each period of 100 ms */
function quotaOf(cgroup: string): number {
  return Number(cgroupFile(cgroup, isUnified ? "cpu.max" : "cpu.cfs_quota_us").split(" ")[0]);
}

function heldBy(cgroup: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(limits).map(([property, file]) => [property, cgroupFile(cgroup, file)]),
  );
}

async function create(runtime: Runv, id: string, options: Partial<BundleOptions>): Promise<void> {
  const outcome = await tryCreate(runtime, id, options);
  if (outcome.status !== 0) throw new Error(`create: ${outcome.stderr}`);
}

async function tryCreate(runtime: Runv, id: string, options: Partial<BundleOptions>) {
  const bundle = runtime.bundle({ args: ["sleep", "1000000"], ...options });
  return runtime.detached(["--systemd-cgroup", "create", "--bundle", bundle, id], id);
}

function membersOf(cgroup: string): string[] {
  return (
    hostProcesses()
      // The kernel's own threads for a machine have no program.
      .filter(({ executable }) => executable !== "")
      .filter(({ pid }) => existsSync(`/proc/${pid}/cgroup`) && systemdCgroupOf(pid) === cgroup)
      .map(({ name }) => name)
      .sort()
  );
}

/** Neither unit nor directory of a container. */
function leftOf(id: string): string[] {
  return [...unitsWith(id), ...cgroupsAt(`${slicePath}/pre-${id}.scope`)];
}

// runc proves the test.
describe.each(["runv", "runc"])("by %s", (name) => {
  const ownQuota = name === "runv" ? 25_000 : 0;
  const runtime = useRunv(name === "runv" ? {} : { command: [name] });

  test("a container is in the scope that linux.cgroupsPath names, with its limits", async () => {
    const id = runtime().newId();
    const unit = `pre-${id}.scope`;
    const cgroup = `${slicePath}/${unit}`;
    await create(runtime(), id, { cgroupsPath: `${slice}:pre:${id}`, resources });
    const places = ["ActiveState", "Slice", "ControlGroup", "Delegate", "DefaultDependencies"];
    expect(unitProperties(unit, places)).toEqual({
      ActiveState: "active",
      Slice: slice,
      ControlGroup: cgroup,
      Delegate: "yes",
      DefaultDependencies: "no",
    });
    expect(new Set(Object.values(unitProperties(unit, accounting)))).toEqual(new Set(["yes"]));
    const held = heldBy(cgroup);
    expect(unitProperties(unit, Object.keys(limits))).toEqual(held);
    expect(Number(held["TasksMax"])).toBeGreaterThanOrEqual(40);
    expect(Number(held["MemoryMax"] ?? held["MemoryLimit"])).toBeGreaterThanOrEqual(96 * mib);
    expect(quotaOf(cgroup)).toBe(50_000 + ownQuota);
    await runtime().ok(["start", id]);
    expect(systemdCgroupOf(await runtime().pid(id))).toBe(cgroup);

    await runtime().ok(["update", "--cpu-quota", "70000", "--cpu-share", "512", "--pids-limit", "30", id]);
    const updated = heldBy(cgroup);
    expect(updated).not.toEqual(held);
    expect(quotaOf(cgroup)).toBe(70_000 + ownQuota);
    systemctl("daemon-reload");
    expect(unitProperties(unit, Object.keys(limits))).toEqual(updated);
    expect(heldBy(cgroup)).toEqual(updated);
    expect(quotaOf(cgroup)).toBe(70_000 + ownQuota);

    const before = membersOf(cgroup).length;
    const exec = await runtime().detached(["exec", "--detach", id, "sleep", "1000000"], `${id}-exec`);
    expect(exec).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(membersOf(cgroup)).toHaveLength(before + 1);
    await runtime().ok(["kill", id, "KILL"]);
    await eventually(async () => runtime().status(id), "stopped");
    // As containerd does, which does not repeat the option.
    await runtime().ok(["delete", "--force", id]);
    expect(leftOf(id)).toEqual([]);
  });

  test("without linux.cgroupsPath the scope is named after the container", async () => {
    const id = runtime().newId();
    await create(runtime(), id, {});
    const unit = `${name}-${id}.scope`;
    expect(systemdCgroupOf(await runtime().pid(id))).toBe(`/system.slice/${unit}`);
    await runtime().ok(["delete", "--force", id]);
    expect([...unitsWith(id), ...cgroupsAt(`/system.slice/${unit}`)]).toEqual([]);
  });

  test("a slice is not for processes", async () => {
    const id = runtime().newId();
    const { status } = await tryCreate(runtime(), id, { cgroupsPath: `${slice}:pre:${id}.slice` });
    expect(status).toBe(1);
    expect(leftOf(id)).toEqual([]);
  });

  test("annotations are properties of the unit", async () => {
    const id = runtime().newId();
    const annotations = {
      "org.systemd.property.TimeoutStopUSec": "uint64 123000000",
      "org.systemd.property.RuntimeMaxSec": "600",
      "org.systemd.property.Documentation": "['man:one(1)', 'man:two(2)']",
    };
    await create(runtime(), id, { cgroupsPath: `${slice}:pre:${id}`, annotations });
    const names = ["TimeoutStopUSec", "RuntimeMaxUSec", "Documentation"];
    expect(unitProperties(`pre-${id}.scope`, names)).toEqual({
      TimeoutStopUSec: "2min 3s",
      RuntimeMaxUSec: "10min",
      Documentation: '"man:one(1)" "man:two(2)"',
    });
    await runtime().ok(["delete", "--force", id]);
    expect(leftOf(id)).toEqual([]);
  });
});

describe("the machine", () => {
  const runv = useRunv();

  test("is in it with all that belongs to it; when it is gone, so is the scope", async () => {
    const id = runv().newId();
    const cgroup = `${slicePath}/pre-${id}.scope`;
    await create(runv(), id, { cgroupsPath: `${slice}:pre:${id}` });
    await runv().ok(["start", id]);
    const members = membersOf(cgroup);
    expect(members).toEqual([expect.stringMatching(/^qemu-system/), "runv-monitor", "runv-proxy"]);
    const elsewhere = hostProcesses().filter(
      ({ pid, name }) => /^(?:qemu|runv)/.test(name) && systemdCgroupOf(pid) !== cgroup,
    );
    expect(elsewhere).toEqual([]);
    for (const { pid } of hostProcesses().filter(({ name }) => name.startsWith("qemu-system")))
      process.kill(pid, "SIGKILL");
    await eventually(async () => runv().status(id), "stopped");
    await eventually(() => unitsWith(id), []);
    // Somebody else's now.
    await foreignScope(`pre-${id}.scope`, slice);
    await runv().ok(["delete", id]);
    expect(unitProperties(`pre-${id}.scope`, ["ActiveState"])).toEqual({ ActiveState: "active" });
    systemctl("stop", `pre-${id}.scope`);
    expect(leftOf(id)).toEqual([]);
  });

  // Debian 12's runc joins whatever is there.
  test("a name that is taken is an error, and stays with who has it", async () => {
    const id = runv().newId();
    const unit = `pre-${id}.scope`;
    await foreignScope(unit, slice);
    const { status, stderr } = await tryCreate(runv(), id, { cgroupsPath: `${slice}:pre:${id}` });
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`${unit}.* already`));
    expect(unitProperties(unit, ["ActiveState"])).toEqual({ ActiveState: "active" });
    expect((await runv().run(["state", id])).stderr).toContain("does not exist");
    systemctl("stop", unit);
    expect(leftOf(id)).toEqual([]);
  });

  test("a container without --systemd-cgroup is beside", async () => {
    const id = await runv().running();
    expect(systemdCgroupOf(await runv().pid(id))).toBe(`/runv/${id}`);
    expect(unitsWith(id)).toEqual([]);
    await runv().ok(["delete", "--force", id]);
    expect(cgroupsAt(`/runv/${id}`)).toEqual([]);
  });

  test.each(["", "launch", "agent", "rootfs"])(
    "SIGKILL of create after phase %j leaves no unit",
    async (phase) => {
      const id = runv().newId();
      const log = `${runv().directory}/${id}.log`;
      const bundle = runv().bundle({ args: ["sleep", "1000000"], cgroupsPath: `${slice}:pre:${id}` });
      const flags = ["--debug", "--log", log, "--log-format", "json", "--systemd-cgroup"];
      const create = runv().start([...flags, "create", "--bundle", bundle, id], "ignore");
      const sign = phase === "" ? (): boolean => unitsWith(id).length > 0 : (): boolean => logged(log, phase);
      await eventually(sign, true);
      create.kill("SIGKILL");
      await eventually(() => unitsWith(id), []);
      await runv().ok(["delete", "--force", id]);
      await eventually(() => leftOf(id), []);
    },
  );

  test("a create that fails leaves no unit", async () => {
    const id = runv().newId();
    const bundle = runv().bundle({ args: ["/no/such"], cgroupsPath: `${slice}:pre:${id}` });
    const args = ["--systemd-cgroup", "run", "--bundle", bundle, id];
    expect((await runv().run(args)).status).toBe(1);
    expect(leftOf(id)).toEqual([]);
  });

  leavesNothing(runv);
});

function logged(file: string, phase: string): boolean {
  return existsSync(file) && readFileSync(file, "utf8").includes(`"phase":"${phase}"`);
}
