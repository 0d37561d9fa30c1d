import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { BundleMount, BundleOptions } from "../harness/bundle.ts";
import { eventually, leavesNothing, useRunv } from "../harness/leftovers.ts";

/** With room for every limit: what a machine has not is another limit. */
const runv = useRunv({ env: { RUNV_CGROUP_VERSION: "v1", RUNV_MEMORY_MIB: "256" } });
const mib = 1_048_576;
const sleeping = ["sleep", "1000000"];

function cgroupMount(access: "ro" | "rw"): readonly BundleMount[] {
  return [{ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", access] }];
}

async function start(resources: object, options: Partial<BundleOptions> = {}): Promise<string> {
  return runv().running({ args: sleeping, resources, mounts: cgroupMount("ro"), ...options });
}

async function inside(id: string, script: string): Promise<string> {
  return runv().ok(["exec", id, "sh", "-c", `cd /sys/fs/cgroup; ${script}`]);
}

/** What files of the container's cgroups say. */
async function files(id: string, ...names: readonly string[]): Promise<string[]> {
  return (await inside(id, `cat ${names.join(" ")}`)).trim().split("\n");
}

async function update(id: string, resources: object): Promise<readonly [number, string]> {
  const { status, stderr } = await runv().run(["update", "-r", "-", id], {
    input: JSON.stringify(resources),
  });
  return [status, stderr];
}

test("a container sees a directory for each hierarchy, its own cgroup as the root of each, and links", async () => {
  const id = await start({});
  const paths = (await inside(id, "cat /proc/self/cgroup")).trim().split("\n");
  expect(paths.filter((line) => !line.endsWith(":/"))).toEqual([]);
  expect(paths.map((line) => line.split(":")[1])).toEqual(
    expect.arrayContaining([
      "cpu,cpuacct",
      "memory",
      "devices",
      "freezer",
      "net_cls,net_prio",
      "name=systemd",
    ]),
  );
  expect(await inside(id, "for l in cpu cpuacct net_cls net_prio; do readlink $l; done")).toBe(
    "cpu,cpuacct\ncpu,cpuacct\nnet_cls,net_prio\nnet_cls,net_prio\n",
  );
  expect(await inside(id, "cat systemd/cgroup.procs | head -n 1; ls")).toMatch(/^1\n[^]*^systemd$/m);
  for (const place of [".", "memory", "systemd"])
    expect(await inside(id, `mkdir ${place}/x 2>&1 || true`)).toContain("Read-only file system");
});

test("limits are the files of version 1", async () => {
  const id = await start({
    memory: { limit: 64 * mib, swap: 80 * mib, reservation: 32 * mib, kernelTCP: 8 * mib, swappiness: 10 },
    cpu: { shares: 512, quota: 50_000, period: 50_000, burst: 1000 },
    pids: { limit: 50 },
    blockIO: { weight: 300 },
    hugepageLimits: [{ pageSize: "2MB", limit: 4 * mib }],
    network: { classID: 1_048_577, priorities: [{ name: "lo", priority: 3 }] },
  });
  const memory = ["limit_in_bytes", "memsw.limit_in_bytes", "soft_limit_in_bytes", "kmem.tcp.limit_in_bytes"];
  expect(
    await files(id, ...memory.map((name) => `memory/memory.${name}`), "memory/memory.swappiness"),
  ).toEqual([...[64, 80, 32, 8].map((size) => String(size * mib)), "10"]);
  const cpu = ["shares", "cfs_quota_us", "cfs_period_us", "cfs_burst_us"].map((name) => `cpu/cpu.${name}`);
  expect(await files(id, ...cpu)).toEqual(["512", "50000", "50000", "1000"]);
  const others = ["pids/pids.max", "blkio/blkio.bfq.weight", "hugetlb/hugetlb.2MB.limit_in_bytes"];
  expect(await files(id, ...others)).toEqual(["50", "300", String(4 * mib)]);
  expect(await files(id, "net_cls/net_cls.classid")).toEqual(["1048577"]);
  expect(await files(id, "net_prio/net_prio.ifpriomap")).toContain("lo 3");
});

test("disableOOMKiller: whoever takes more waits, until an update lets it be killed", async () => {
  const id = await start({ memory: { limit: 16 * mib, disableOOMKiller: true } });
  expect((await files(id, "memory/memory.oom_control"))[0]).toBe("oom_kill_disable 1");
  const ended: number[] = [];
  // In its own code: what the kernel would take memory for on its behalf fails (mm/memcontrol.c, mem_cgroup_oom).
  const glutton = runv()
    .run(["exec", id, "sh", "-c", "text=x; while :; do text=$text$text; done"])
    .then(({ status }) => ended.push(status));
  // Whoever looks from inside would wait as well.
  const refusals = async () => {
    const { data } = JSON.parse(await runv().ok(["events", "--stats", id])) as {
      data: { memory: { usage: { failcnt: number } } };
    };
    return data.memory.usage.failcnt;
  };
  await expect.poll(refusals).toBeGreaterThan(0);
  expect(ended).toEqual([]);
  expect(await update(id, { memory: { disableOOMKiller: false } })).toEqual([0, ""]);
  await glutton;
  expect(ended).toEqual([137]);
});

test("update: memory with swap, down and up again", async () => {
  const id = await start({ memory: { limit: 64 * mib, swap: 80 * mib } });
  for (const [limit, swap] of [
    [40, 48],
    [60, 72],
    [50, 52],
    [64, -1],
    [48, 64],
  ] as const) {
    const asked = { memory: { limit: limit * mib, swap: swap < 0 ? -1 : swap * mib } };
    expect(await update(id, asked)).toEqual([0, ""]);
    const [memory, together] = await files(
      id,
      "memory/memory.limit_in_bytes",
      "memory/memory.memsw.limit_in_bytes",
    );
    expect([memory, together]).toEqual([
      String(limit * mib),
      swap < 0 ? "9223372036854771712" : String(swap * mib),
    ]);
  }
  expect(await update(id, { memory: { swap: 32 * mib } })).toEqual([
    1,
    expect.stringContaining("linux.resources.memory.swap: memory+swap limit should be >= memory limit"),
  ]);
});

test("an update of which one part fails leaves all as it was", async () => {
  const id = await start({ memory: { limit: 64 * mib, swap: 64 * mib }, pids: { limit: 50 } });
  const names = ["memory/memory.limit_in_bytes", "memory/memory.memsw.limit_in_bytes", "pids/pids.max"];
  const before = await files(id, ...names, "memory/memory.oom_control");
  const fails = { network: { priorities: [{ name: "eth9", priority: 1 }] } };
  const memory = { limit: 40 * mib, swap: 48 * mib, disableOOMKiller: true };
  expect(await update(id, { memory, pids: { limit: 9 }, ...fails })).toEqual([
    1,
    expect.stringMatching(/linux\.resources\.network\.priorities: eth9: .*has no such device/),
  ]);
  expect(await files(id, ...names, "memory/memory.oom_control")).toEqual(before);
});

describe("what cannot be had is refused by name", () => {
  test.each([
    [{ unified: { "memory.high": "1" } }, /linux\.resources\.unified: cgroup v1.*does not support unified/],
    [{ cpu: { realtimeRuntime: 5 } }, /linux\.resources\.cpu\.realtimeRuntime: .*has no cpu\.rt_runtime_us/],
    [{ memory: { kernel: 32 * mib } }, /linux\.resources\.memory\.kernel: .*no such limit any more/],
  ])("%j", async (resources, why) => {
    const id = runv().newId();
    const bundle = runv().bundle({ args: ["true"], resources });
    const { status, stderr } = await runv().run(["run", "--bundle", bundle, id]);
    expect([status, stderr]).toEqual([1, expect.stringMatching(why)]);
  });

  test("a device rule that would leave a hole", async () => {
    const deviceRules = [{ allow: true, type: "c", access: "rwm" }];
    const bundle = runv().bundle({ args: ["true"], deviceRules });
    const { status, stderr } = await runv().run(["run", "--bundle", bundle, runv().newId()]);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/linux\.resources\.devices: .* where c 5:1 rw is denied/),
    ]);
  });
});

test("pause stops, resume goes on, and a paused container can be killed", async () => {
  const id = await start({}, { args: ["sh", "-c", "while :; do echo >> /ticks; sleep 0.1; done"] });
  await runv().ok(["pause", id]);
  expect(await runv().status(id)).toBe("paused");
  const waiting = runv().run(["exec", "--ignore-paused", id, "echo", "awake"]);
  await runv().ok(["resume", id]);
  expect(await waiting).toEqual({ status: 0, stdout: "awake\n", stderr: "" });
  await runv().ok(["pause", id]);
  await runv().ok(["kill", id, "KILL"]);
  await eventually(async () => runv().status(id), "stopped");
});

test("kill --all ends what forks all the time, ps shows it, and nothing stays", async () => {
  const id = await start({ pids: { limit: 100 } });
  const bomb = "while :; do sh -c 'while :; do sleep 1000 & done'; done";
  await runv().detached(["exec", "--detach", id, "sh", "-c", bomb], "bomb");
  await expect
    .poll(async () => (await runv().ok(["ps", "--format", "table", id])).split("\n").length)
    .toBeGreaterThan(50);
  await runv().ok(["kill", "--all", id, "KILL"]);
  await eventually(async () => runv().status(id), "stopped");
  await runv().ok(["delete", id]);
});

test("events: what is used in the form of version 1, and a line when a process is killed for memory", async () => {
  const id = await start({ memory: { limit: 32 * mib } });
  const { data } = JSON.parse(await runv().ok(["events", "--stats", id])) as { data: Record<string, object> };
  const any = expect.any(Number) as number;
  /** Of the processors that the guest may be given, too. */
  const each = expect.arrayContaining([any]) as number[];
  const none = 2 ** 63 - 4096;
  expect(data).toMatchObject({
    cpu: {
      usage: { total: any, percpu: each, percpu_kernel: each, percpu_user: each, kernel: any, user: any },
    },
    cpuset: { cpus: [0], mems: [0], sched_load_balance: 1, sched_relax_domain_level: -1 },
    memory: {
      usage: { limit: 32 * mib, usage: any, max: any, failcnt: 0 },
      swap: { limit: none, usage: any, max: any, failcnt: 0 },
      kernel: { limit: none, usage: any, max: any, failcnt: 0 },
      kernelTCP: { limit: none, failcnt: 0 },
      raw: { total_rss: any, hierarchical_memsw_limit: none },
    },
    pids: { current: 1 },
    hugetlb: { "2MB": { failcnt: 0 } },
  });
  expect(data["pids"]).not.toHaveProperty("limit");
  const child = runv().start(["events", "--interval", "200ms", id], ["ignore", "pipe", "inherit"]);
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, "exit");
  await expect.poll(() => text).toContain('"type":"stats"');
  expect((await runv().run(["exec", id, "tail", "/dev/zero"])).status).toBe(137);
  await expect.poll(() => text).toContain(`{"type":"oom","id":"${id}"}\n`);
  await runv().ok(["kill", id, "KILL"]);
  expect(await ended).toEqual([0, null]);
});

test("exec --cgroup by controllers", async () => {
  const id = await start({}, { mounts: cgroupMount("rw") });
  await inside(id, "mkdir -p cpu/sub memory/sub/deep");
  const shown = async (...flags: readonly string[]) =>
    (await runv().ok(["exec", ...flags, id, "cat", "/proc/self/cgroup"]))
      .split("\n")
      .map((line) => line.replace(/^\d+:/, ""))
      .filter((line) => /sub/.test(line))
      .sort();
  expect(await shown("--cgroup", "cpu:sub")).toEqual(["cpu,cpuacct:/sub"]);
  expect(await shown("--cgroup", "cpuacct:/sub", "--cgroup", "memory:sub/deep")).toEqual([
    "cpu,cpuacct:/sub",
    "memory:/sub/deep",
  ]);
  for (const [flags, why] of [
    [["cpu:missing"], /no such file or directory/],
    [["sub"], /no such file or directory/],
    [["nope:sub"], /unknown controller nope/],
    [["cpu:../sub"], /not below/],
    [["sub", "cpu:sub"], /missing <controller>: prefix/],
  ] as const) {
    const { status, stderr } = await runv().run([
      "exec",
      ...flags.flatMap((flag) => ["--cgroup", flag]),
      id,
      "true",
    ]);
    expect([status, stderr]).toEqual([255, expect.stringMatching(why)]);
  }
});

test("an annotation chooses the version for one container", async () => {
  const annotations = { "io.runv.cgroup_version": "v2" };
  const id = await start({ memory: { limit: 64 * mib } }, { annotations });
  expect(await files(id, "memory.max", "/proc/self/cgroup")).toEqual([String(64 * mib), "0::/"]);
  expect(await update(id, { memory: { disableOOMKiller: true } })).toEqual([
    1,
    expect.stringMatching(/resources: memory\.disableOOMKiller: version 2 cgroups, which the guest has/),
  ]);
});

leavesNothing(runv);
