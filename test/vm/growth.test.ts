import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { cgroupDirectories, leavesNothing, useRunv } from "../harness/leftovers.ts";

const runv = useRunv();
/** Without room to grow. */
const fixed = useRunv({ env: { RUNV_SPARE_MEMORY_MIB: "0", RUNV_SPARE_VCPUS: "0" } });

const mib = 1_048_576;
const kibPerMib = 1024;
const sleeping = ["sleep", "1000000"];
const small = { memory: { limit: 96 * mib }, cpu: { quota: 50_000, period: 100_000 } };
/** What the kernel keeps of a limit's machine. */
const tolerance = 0.02;
/** Memory is added in blocks of this size. */
const blockMib = 128;

const mounts = [
  { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] },
  { destination: "/big", type: "tmpfs", source: "tmpfs", options: ["size=1g"] },
] as const;

interface Machine {
  readonly totalMib: number;
  readonly vcpus: number;
}

/** What the container is told of its machine. */
async function machineOf(id: string): Promise<Machine> {
  const script = "sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo; nproc";
  const [totalKib = 0, vcpus = 0] = (await runv().ok(["exec", id, "sh", "-c", script]))
    .split("\n")
    .map(Number);
  return { totalMib: totalKib / kibPerMib, vcpus };
}

async function start(resources: object): Promise<string> {
  return runv().running({ args: sleeping, resources, mounts });
}

/** Of the host's cgroup, in MiB. */
function hostLimitMib(id: string): number {
  const files = cgroupDirectories(id).flatMap((directory) =>
    ["memory.max", "memory.limit_in_bytes"].map((name) => path.join(directory, name)),
  );
  return Number(readFileSync(files.find((file) => existsSync(file)) ?? "", "utf8")) / mib;
}

test.each(["microvm", "q35", "pc"])(
  "%s: update makes the machine grow with its container's limits",
  async (machine) => {
    const env = { RUNV_MACHINE: machine };
    const id = runv().newId();
    const bundle = runv().bundle({ args: sleeping, resources: small, mounts });
    expect(await runv().detached(["create", "--bundle", bundle, id], id, { env })).toMatchObject({
      status: 0,
    });
    await runv().ok(["start", id]);
    const before = await machineOf(id);
    expect(before.vcpus).toBe(1);
    expect(before.totalMib).toBeLessThan(96 * (1 + tolerance));
    const limitBefore = hostLimitMib(id);

    await runv().ok(["update", "--memory", "400M", "--cpu-quota", "200000", id]);
    const after = await machineOf(id);
    expect(after.vcpus).toBe(Math.min(2, availableParallelism()));
    expect(after.totalMib).toBeGreaterThan(400 * (1 - tolerance));
    expect(after.totalMib).toBeLessThan(400 + blockMib);
    expect(hostLimitMib(id) - limitBefore).toBeGreaterThan(after.totalMib - before.totalMib);
    expect(await runv().ok(["exec", id, "cat", "/sys/fs/cgroup/memory.max"])).toBe(`${400 * mib}\n`);
    // It is memory that can be used.
    const write = "dd if=/dev/urandom of=/big/file bs=1M count=300 2>/dev/null && stat -c %s /big/file";
    expect(await runv().ok(["exec", id, "sh", "-c", write])).toBe(`${300 * mib}\n`);
    await runv().ok(["exec", id, "rm", "/big/file"]);

    // A lower limit leaves the machine as it is.
    await runv().ok(["update", "--memory", "100M", id]);
    expect(await machineOf(id)).toEqual(after);
    await runv().ok(["delete", "--force", id]);
  },
);

test("a container without limits gets the room that a limit asks for", async () => {
  const id = await start({});
  const { totalMib } = await machineOf(id);
  expect(hostLimitMib(id)).toBeGreaterThan(totalMib);
  expect(hostLimitMib(id)).toBeLessThan(totalMib + 1024);
  await runv().ok(["update", "--memory", "600M", id]);
  expect((await machineOf(id)).totalMib).toBeGreaterThan(600 * (1 - tolerance));
  await runv().ok(["update", "--memory", "-1", id]);
  await runv().ok(["delete", "--force", id]);
});

test("a limit of swap that was lifted is in the way of no growth", async () => {
  const id = await start({ memory: { limit: 96 * mib, swap: 192 * mib } });
  await runv().ok(["update", "--memory-swap", "-1", id]);
  expect(await runv().run(["update", "--memory", "500M", id])).toMatchObject({ status: 0, stderr: "" });
  expect(hostLimitMib(id)).toBeGreaterThan(500);
  await runv().ok(["delete", "--force", id]);
});

test("a container that fills all of the memory that was added is killed for it, and not its guest", async () => {
  const id = await start({});
  await runv().ok(["update", "--memory", "900M", id]);
  const fill = "dd if=/dev/zero of=/big/file bs=1M count=1000";
  expect((await runv().run(["exec", id, "sh", "-c", fill])).status).toBeGreaterThan(0);
  expect(await runv().status(id)).toBe("running");
  expect((await machineOf(id)).totalMib).toBeGreaterThan(900 * (1 - tolerance));
  await runv().ok(["delete", "--force", id]);
});

test("an update that is refused lets nobody have more", async () => {
  const id = await start({});
  const before = hostLimitMib(id);
  const asked = { memory: { limit: 600 * mib, swap: 100 * mib } };
  const refused = await runv().run(["update", "-r", "-", id], { input: JSON.stringify(asked) });
  expect([refused.status, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/memory\+swap limit should be/),
  ]);
  const cpus = ["update", "--memory", "600M", "--cpuset-cpus", "4000", id];
  expect((await runv().run(cpus)).status).toBe(1);
  expect((await machineOf(id)).totalMib).toBeLessThan(260);
  expect(await runv().ok(["exec", id, "cat", "/sys/fs/cgroup/memory.max"])).toBe("max\n");
  expect(hostLimitMib(id)).toBeGreaterThanOrEqual(before);
  await runv().ok(["delete", "--force", id]);
});

test("above 4 GiB as below, and a limit above what the host has gets all of it", async () => {
  const id = runv().newId();
  const bundle = runv().bundle({ args: sleeping, resources: small, mounts });
  const env = { RUNV_SPARE_MEMORY_MIB: "4194304" };
  expect(await runv().detached(["create", "--bundle", bundle, id], id, { env })).toMatchObject({ status: 0 });
  await runv().ok(["start", id]);
  await runv().ok(["update", "--memory", "5G", id]);
  expect((await machineOf(id)).totalMib).toBeGreaterThan(5120 * (1 - tolerance));
  await runv().ok(["update", "--memory", "100000G", id]);
  expect((await machineOf(id)).totalMib).toBeGreaterThan((totalmem() / mib) * (1 - tolerance));
  await runv().ok(["delete", "--force", id]);
});

test("a quota above what the host has gets all that the host has", async () => {
  const id = await start(small);
  await runv().ok(["update", "--cpu-quota", "100000000", id]);
  expect((await machineOf(id)).vcpus).toBe(Math.min(4, availableParallelism()));
  await runv().ok(["delete", "--force", id]);
});

test("with version 1 control groups containers get new processors and memory as well", async () => {
  const id = runv().newId();
  const bundle = runv().bundle({ args: sleeping, resources: small, mounts });
  const env = { RUNV_CGROUP_VERSION: "v1" };
  expect(await runv().detached(["create", "--bundle", bundle, id], id, { env })).toMatchObject({ status: 0 });
  await runv().ok(["start", id]);
  await runv().ok(["update", "--memory", "300M", "--cpu-quota", "200000", id]);
  const { totalMib, vcpus } = await machineOf(id);
  expect(totalMib).toBeGreaterThan(300 * (1 - tolerance));
  expect(vcpus).toBe(Math.min(2, availableParallelism()));
  const write = "dd if=/dev/zero of=/big/file bs=1M count=200 2>/dev/null && stat -c %s /big/file";
  expect(await runv().ok(["exec", id, "sh", "-c", write])).toBe(`${200 * mib}\n`);
  await runv().ok(["delete", "--force", id]);
});

test("a limit above what the machine can grow to is refused with what that is", async () => {
  const id = runv().newId();
  const bundle = runv().bundle({ args: sleeping, resources: small, mounts });
  const env = { RUNV_SPARE_MEMORY_MIB: "128" };
  expect(await runv().detached(["create", "--bundle", bundle, id], id, { env })).toMatchObject({ status: 0 });
  await runv().ok(["start", id]);
  const { status, stderr } = await runv().run(["update", "--memory", "1G", id]);
  const why = /linux\.resources\.memory\.limit: 1073741824 bytes: .* has \d+ MiB and can grow to 2\d\d MiB/;
  expect([status, stderr]).toEqual([1, expect.stringMatching(why)]);
  expect((await machineOf(id)).totalMib).toBeLessThan(128);
  await runv().ok(["update", "--memory", "200M", id]);
  expect((await machineOf(id)).totalMib).toBeGreaterThan(200);
  await runv().ok(["delete", "--force", id]);
});

test.each([
  [
    ["--memory", "4G"],
    /linux\.resources\.memory\.limit: 4294967296 bytes: the virtual machine has \d+ MiB and cannot grow/,
  ],
  [
    ["--cpu-quota", "1000000"],
    /linux\.resources\.cpu\.quota: .* ask for 10 processors: the virtual machine has 1, and cannot get more/,
  ],
])("update %j of a machine that has no room is refused, and nothing changes", async (flags, why) => {
  const id = await fixed().running({ args: sleeping, resources: small, mounts });
  const seen = async (): Promise<string> =>
    fixed().ok([
      "exec",
      id,
      "sh",
      "-c",
      "cd /sys/fs/cgroup; cat memory.max cpu.max; nproc; head -1 /proc/meminfo",
    ]);
  const before = await seen();
  const { status, stderr } = await fixed().run(["update", ...flags, id]);
  expect([status, stderr]).toEqual([1, expect.stringMatching(why)]);
  expect(await seen()).toBe(before);
  await fixed().ok(["delete", "--force", id]);
});

leavesNothing(runv);
leavesNothing(fixed);
