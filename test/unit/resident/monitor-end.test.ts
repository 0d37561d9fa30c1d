import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import path from "node:path";
import type { Duplex } from "node:stream";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type ConfinedProcess,
  type MonitorSpec,
  monitorContractVersion,
} from "../../../runtime/resident/contract/monitor.ts";
import { identifyProcess } from "../../../runtime/src/shared/process-identity.ts";
import { makeCgroup } from "./support/cgroup.ts";
import { makeVmDirectory, monitorSpec, removeVmDirectories, shell } from "./support/monitor-spec.ts";
import { eventually, gone, isRunning, processesOf } from "./support/proc.ts";
import { buildTimeoutMs, residentProgram } from "./support/programs.ts";
import { killStartedResidents, type Resident, startResident } from "./support/resident.ts";

let program = "";
beforeAll(() => {
  program = residentProgram("monitor");
}, buildTimeoutMs);
afterEach(() => {
  killStartedResidents();
  removeVmDirectories();
});

const sleeper = "exec sleep 100";

async function launch(spec: MonitorSpec): Promise<{ monitor: Resident; pids: number[]; vmm: number }> {
  const monitor = startResident(program, spec);
  const event = await monitor.nextEvent();
  expect(event).toMatchObject({ event: "launched" });
  const { vmm, helpers } = event as { vmm: { pid: number }; helpers: { pid: number }[] };
  return { monitor, vmm: vmm.pid, pids: [vmm.pid, ...helpers.map(({ pid }) => pid)] };
}

async function failure(spec: object | string): Promise<Record<string, unknown>> {
  const monitor = startResident(program, spec);
  const event = await monitor.nextEvent();
  expect(event).toMatchObject({ event: "failed" });
  expect(await monitor.ended).toEqual({ code: 1, signal: null });
  return event ?? {};
}

const readRecord = (directory: string): unknown => JSON.parse(readFileSync(`${directory}/exit.json`, "utf8"));

describe("the end of a committed VM", () => {
  it.each([
    ["its ordinary end", "exit 0", { cause: "vmm", exitCode: 0, signal: 0, message: "" }],
    [
      "a failure",
      "echo first; echo the reason >&2; exit 3",
      { cause: "vmm", exitCode: 3, signal: 0, message: "vmm ended: exit status 3: the reason" },
    ],
  ])("is recorded: %s", async (_name, end, record) => {
    const directory = makeVmDirectory();
    mkdirSync(`${directory}/shared`, { mode: 0o777 });
    const root = rootWith(directory);
    const script = `while [ ! -e /shared/go ]; do sleep 0.01; done; ${end}`;
    const { monitor, pids } = await launch(
      monitorSpec(directory, [
        shell(directory, "helper", sleeper),
        shell(directory, "vmm", script, { root }),
      ]),
    );
    monitor.commit();
    writeFileSync(`${directory}/shared/go`, "");
    expect(await monitor.ended).toEqual({ code: 0, signal: null });
    expect(readRecord(directory)).toEqual({ version: monitorContractVersion, ...record });
    expect(readdirSync(directory)).toEqual(["exit.json", "monitor.json"]);
    for (const pid of pids) expect(isRunning(pid)).toBe(false);
  });

  it.each([
    ["the VMM is killed", 1, "SIGKILL", { cause: "vmm", signal: 9 }],
    ["a helper is killed", 0, "SIGKILL", { cause: "helper", signal: 9 }],
  ] as const)("takes everything along when %s", async (_name, index, signal, record) => {
    const directory = makeVmDirectory();
    const processes = ["helper", "vmm"].map((name) => shell(directory, name, sleeper));
    const { monitor, pids, vmm } = await launch(monitorSpec(directory, processes));
    monitor.commit();
    const victim = index === 1 ? vmm : pids.find((pid) => pid !== vmm);
    process.kill(victim ?? 0, signal);
    await monitor.ended;
    expect(readRecord(directory)).toMatchObject(record);
    expect(readdirSync(directory)).toEqual(["exit.json", "monitor.json"]);
    for (const pid of pids) expect(isRunning(pid)).toBe(false);
  });

  it("comes with SIGTERM to the monitor", async () => {
    const directory = makeVmDirectory();
    const record = `${makeVmDirectory()}/exit.json`;
    const spec = monitorSpec(directory, [shell(directory, "vmm", sleeper)], {
      exitRecord: record,
      monitorRecord: `${path.dirname(record)}/monitor.json`,
    });
    const { monitor, pids } = await launch(spec);
    monitor.commit();
    process.kill(monitor.pid, "SIGTERM");
    expect(await monitor.ended).toEqual({ code: 0, signal: null });
    expect(JSON.parse(readFileSync(record, "utf8"))).toMatchObject({ cause: "terminated" });
    expect(existsSync(directory)).toBe(false);
    for (const pid of pids) expect(isRunning(pid)).toBe(false);
  });

  it("comes with the monitor's own, whatever that was", async () => {
    const directory = makeVmDirectory();
    const processes = ["helper", "vmm"].map((name) =>
      shell(directory, name, "trap '' TERM HUP INT; sleep 100 & wait"),
    );
    const { monitor, pids } = await launch(monitorSpec(directory, processes));
    monitor.commit();
    process.kill(monitor.pid, "SIGKILL");
    await eventually("all ended", () => !pids.some(isRunning));
  });

  it("does not come with signals that mean nothing to it", async () => {
    const directory = makeVmDirectory();
    const { monitor, vmm } = await launch(monitorSpec(directory, [shell(directory, "vmm", sleeper)]));
    monitor.commit();
    for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTSTP"] as const) {
      process.kill(monitor.pid, signal);
    }
    process.kill(monitor.pid, "SIGTERM");
    await monitor.ended;
    expect(readRecord(directory)).toMatchObject({ cause: "terminated" });
    expect(isRunning(vmm)).toBe(false);
  });
});

describe("a commit", () => {
  it("is confirmed", async () => {
    const directory = makeVmDirectory();
    const { monitor } = await launch(monitorSpec(directory, [shell(directory, "vmm", sleeper)]));
    monitor.commit();
    expect(await monitor.nextEvent()).toEqual({ event: "committed" });
    expect(await monitor.nextEvent()).toBeNull();
  });

  it("that comes while the VM is ending is refused, and nothing stays", async () => {
    const directory = makeVmDirectory();
    const spec = monitorSpec(directory, [shell(directory, "vmm", sleeper)], {
      rollback: { trees: [directory], cgroups: [] },
    });
    const { monitor, vmm } = await launch(spec);
    // A client that has not said yet what it wants is waited for.
    const client = await connectTo(`${directory}/vsock.sock`);
    process.kill(vmm, "SIGKILL");
    await expect.poll(async () => connectTo(`${directory}/vsock.sock`)).toBeNull();
    monitor.commit();
    expect(await monitor.nextEvent()).toEqual({
      event: "failed",
      code: "hypervisor",
      message: "vmm ended: killed by signal 9",
    });
    expect((await monitor.ended).code).toBe(1);
    expect(existsSync(directory)).toBe(false);
    client?.destroy();
  });
});

/** @returns null when nobody listens. */
async function connectTo(socketPath: string): Promise<Socket | null> {
  const socket = connect(socketPath);
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(socket)).once("error", () => resolve(null));
  });
}

describe("what the VM's processes may do to the host", () => {
  it("is bounded: no file becomes larger than the spec says, and the OOM score is the spec's", async () => {
    const directory = makeVmDirectory();
    const disk = `${directory}/disk`;
    writeFileSync(disk, "");
    const script = 'head -c 65536 /dev/zero >&{fd:disk}; echo >&2 "status $?"; exec sleep 100';
    const vmm = shell(directory, "vmm", script, {
      descriptors: { disk: { kind: "open", path: disk, write: true } },
      maxFileBytes: 10_000,
    });
    const devices = [...vmm.root.devices, { path: "/dev/zero", major: 1, minor: 5 }];
    const spec = monitorSpec(directory, [{ ...vmm, root: { ...vmm.root, devices } }], { oomScoreAdj: 321 });
    const { monitor, pids } = await launch(spec);
    await expect.poll(() => readFileSync(`${directory}/vmm.log`, "utf8")).toContain("status 153");
    expect(statSync(disk).size).toBe(10_000);
    for (const pid of [...pids, monitor.pid])
      expect(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8")).toBe("321\n");
    monitor.abandon();
    await monitor.ended;
  });

  it("a score that cannot be set is told", async (context) => {
    const own = Number(readFileSync("/proc/self/oom_score_adj", "utf8"));
    const directory = makeVmDirectory();
    const spec = monitorSpec(directory, [shell(directory, "vmm", sleeper)], { oomScoreAdj: own - 1 });
    const monitor = startResident(program, spec);
    const event = await monitor.nextEvent();
    expect(event).toMatchObject({ event: "launched" });
    const score = Number(readFileSync(`/proc/${monitor.pid}/oom_score_adj`, "utf8"));
    if (score === own - 1) return context.skip("this host lets root lower an OOM score");
    expect(event?.["warnings"]).toEqual([
      expect.stringContaining(`oom_score_adj of the virtual machine: cannot be set to ${own - 1}: `),
    ]);
    monitor.abandon();
    await monitor.ended;
  });
});

describe("the monitor's record", () => {
  it("is there before the VMM and names monitor and cgroups", async () => {
    const directory = makeVmDirectory();
    const { monitor } = await launch(monitorSpec(directory, [shell(directory, "vmm", sleeper)]));
    expect(JSON.parse(readFileSync(`${directory}/monitor.json`, "utf8"))).toEqual({
      version: monitorContractVersion,
      monitor: { name: "runv-monitor", ...identifyProcess(monitor.pid) },
      cgroups: [],
    });
    monitor.abandon();
    await monitor.ended;
  });
});

describe("a launch that fails", () => {
  it("says which side is older", async () => {
    const directory = makeVmDirectory();
    const spec = monitorSpec(directory, [shell(directory, "vmm", sleeper)]);
    expect((await failure({ ...spec, version: monitorContractVersion - 1 }))["message"]).toContain(
      "runv is older than runv-monitor",
    );
    expect((await failure({ ...spec, version: monitorContractVersion + 1 }))["message"]).toContain(
      "runv-monitor is older than runv",
    );
  });

  it.each([
    ["not JSON", "{", "a line is not JSON"],
    ["an empty object", "{}", "spec: "],
    ["a line without end", "x".repeat(1 << 21), "a line is longer than"],
  ])("refuses a spec that is %s", async (_name, spec, message) => {
    expect((await failure(spec))["message"]).toContain(message);
  });

  const vmmOf = (directory: string, more: Partial<ConfinedProcess>): MonitorSpec =>
    monitorSpec(directory, [shell(directory, "helper", sleeper), shell(directory, "vmm", "exit 0", more)]);

  it.each<[string, Partial<ConfinedProcess>, RegExp]>([
    [
      "a program that is not there",
      { argv: ["/usr/bin/no-such"] },
      /start vmm: ENOENT.*execve \/usr\/bin\/no-such/,
    ],
    [
      "a VMM that ends at once",
      { argv: ["/usr/bin/bash", "-c", "echo qualm >&2; sleep 0.2; exit 1"], readyFiles: ["/nonexistent"] },
      /^vmm ended: exit status 1: qualm$/,
    ],
    [
      "a VMM that tells of its failure and goes on",
      {
        argv: ["/usr/bin/bash", "-c", "echo fine >&2; echo it broke badly: 7 >&2; sleep 100"],
        readyFiles: ["/nonexistent"],
        failureMarks: ["no such mark", "broke badly"],
      },
      /^vmm has failed: it broke badly: 7$/,
    ],
    [
      "files that do not appear",
      { argv: ["/usr/bin/sleep", "100"], readyFiles: ["/nonexistent"], readyTimeoutMs: 50 },
      /did not appear within 50 ms/,
    ],
    ["a bind without a source", { root: bindOf("/no/such/source") }, /bind \/no\/such\/source: ENOENT/],
    [
      "a helper that does not listen",
      { descriptors: { peer: { kind: "unix-connect", path: "/no.sock", timeoutMs: 50 } } },
      /descriptors of vmm: ENOENT/,
    ],
    [
      "a descriptor that was not passed",
      { descriptors: { disk: { kind: "inherited", number: 77 } } },
      /descriptors of vmm: EBADF/,
    ],
    [
      "an unknown descriptor in argv",
      { argv: ["/usr/bin/sleep", "{fd:nothing}"] },
      /no descriptor has the name nothing/,
    ],
  ])("leaves nothing behind: %s", async (_name, more, message) => {
    const directory = makeVmDirectory();
    expect((await failure(vmmOf(directory, more)))["message"]).toMatch(message);
    expect(existsSync(directory)).toBe(false);
    expect(processesOf(directory)).toEqual([]);
  });

  it("says how to get a kernel's vsock when there is none", async (context) => {
    if (existsSync("/dev/vhost-vsock")) context.skip("this host has /dev/vhost-vsock");
    const directory = makeVmDirectory();
    const spec = monitorSpec(directory, [shell(directory, "vmm", sleeper)], {
      carrier: { kind: "vhost-vsock", firstCid: 3 },
    });
    const event = await failure(spec);
    expect(event["code"]).toBe("unavailable");
    expect(event["message"]).toContain("modprobe vhost_vsock");
  });
});

describe("a verb that dies before it commits", () => {
  const steps: [string, (directory: string) => Partial<ConfinedProcess>, string][] = [
    ["while a helper gets ready", () => ({ readyFiles: ["/nonexistent"] }), "root.helper"],
    [
      "while a helper's socket is awaited",
      () => ({ descriptors: { peer: { kind: "unix-connect", path: "/no.sock", timeoutMs: 10_000 } } }),
      "vsock.sock",
    ],
    ["after the launch", () => ({}), "root.vmm"],
  ];
  it.each(steps)("takes all with it: %s", async (_name, more, sign) => {
    const directory = makeVmDirectory();
    const tree = makeVmDirectory();
    writeFileSync(`${tree}/state.json`, "{}");
    const processes = [
      shell(directory, "helper", sleeper, more(directory)),
      shell(directory, "vmm", sleeper, more(directory)),
    ];
    const rollback = { trees: [tree], cgroups: [] };
    const monitor = startResident(program, monitorSpec(directory, processes, { rollback }));
    await eventually(sign, () => existsSync(`${directory}/${sign}`));
    if (sign.startsWith("root.")) await eventually("its process", () => processesOf(directory).length > 0);
    monitor.abandon();
    await monitor.ended;
    await gone(directory);
    expect(existsSync(tree)).toBe(false);
    expect(processesOf(directory)).toEqual([]);
  });

  it("its cgroup too, in which all of them were", async (context) => {
    const made = makeCgroup("monitor");
    if ("reason" in made) return context.skip(made.reason);
    const cgroup = made.directory;
    const directory = makeVmDirectory();
    const processes = ["helper", "vmm"].map((name) => shell(directory, name, sleeper));
    const rollback = { trees: [], cgroups: [cgroup] };
    const { monitor, pids } = await launch(
      monitorSpec(directory, processes, { cgroups: [cgroup], rollback }),
    );
    const members = membersOf(cgroup).split("\n").map(Number);
    expect(new Set(members)).toEqual(new Set([monitor.pid, ...pids]));
    monitor.abandon();
    await monitor.ended;
    expect(existsSync(cgroup)).toBe(false);
  });

  it("its cgroup and its trees once others have left that, too", async (context) => {
    const made = makeCgroup("monitor-others");
    if ("reason" in made) return context.skip(made.reason);
    const cgroup = made.directory;
    const other = spawn("sleep", ["100"], { stdio: "ignore" });
    writeFileSync(`${cgroup}/cgroup.procs`, `${other.pid}`);
    const directory = makeVmDirectory();
    const rollback = { trees: [directory], cgroups: [cgroup] };
    const spec = monitorSpec(directory, [shell(directory, "vmm", sleeper)], { cgroups: [cgroup], rollback });
    const verb = spawn("sh", ["-c", '"$0" & wait', program], {
      stdio: ["ignore", "ignore", "inherit", "pipe"],
    });
    const channel = verb.stdio[3] as Duplex;
    channel.write(`${JSON.stringify(spec)}\n`);
    await once(channel, "data");
    verb.kill("SIGKILL");
    await once(verb, "exit");
    channel.destroy();
    await eventually("the other alone is left", () => membersOf(cgroup) === `${other.pid}`);
    expect(existsSync(directory)).toBe(true);
    other.kill("SIGKILL");
    await eventually("its cgroup goes", () => !existsSync(cgroup));
    await gone(directory);
  });

  it("even before it has said anything", async () => {
    const directory = makeVmDirectory();
    const monitor = startResident(program, monitorSpec(directory, [shell(directory, "vmm", sleeper)]));
    monitor.abandon();
    await monitor.ended;
    expect(processesOf(directory)).toEqual([]);
  });
});

function membersOf(cgroup: string): string {
  return readFileSync(`${cgroup}/cgroup.procs`, "utf8").trim();
}

function rootWith(directory: string): ConfinedProcess["root"] {
  const { root } = shell(directory, "any", "");
  const bind = { source: `${directory}/shared`, target: "/shared", readonly: false, optional: false };
  return { ...root, binds: [...root.binds, bind] };
}

function bindOf(source: string): ConfinedProcess["root"] {
  return {
    binds: [{ source, target: "/x", readonly: true, optional: false }],
    devices: [],
    links: [],
    shares: [],
    proc: false,
    directories: [],
  };
}
