import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ProxySpec } from "../../../runtime/resident/contract/proxy.ts";
import { identifyProcess } from "../../../runtime/src/shared/process-identity.ts";
import { makeCgroup } from "./support/cgroup.ts";
import type { Frames } from "./support/frames.ts";
import { closeGuests, startGuest } from "./support/guest.ts";
import { makeVmDirectory, removeVmDirectories } from "./support/monitor-spec.ts";
import { eventually, isRunning } from "./support/proc.ts";
import { buildTimeoutMs, quickjsFixture, residentProgram } from "./support/programs.ts";
import { proxySpec } from "./support/proxy-spec.ts";
import { killStartedResidents, type Resident, startResident } from "./support/resident.ts";

let program = "";
beforeAll(() => {
  program = residentProgram("proxy");
}, buildTimeoutMs);
afterEach(async () => {
  killStartedResidents();
  await closeGuests();
  removeVmDirectories();
});

async function ready(
  more: Partial<ProxySpec> = {},
): Promise<{ proxy: Resident; frames: Frames; directory: string }> {
  const directory = makeVmDirectory();
  const guest = await startGuest(`${directory}/vsock.sock`);
  const proxy = startResident(program, proxySpec(guest.path, more));
  const { frames } = await guest.nextProcess();
  expect(await proxy.nextEvent()).toEqual({ event: "ready" });
  return { proxy, frames, directory };
}

function makeRootfs(): string {
  const root = makeVmDirectory();
  mkdirSync(`${root}/proc`);
  writeFileSync(`${root}/marker`, "container");
  return root;
}

const namespaceOf = (pid: number | "self", name: string): string => readlinkSync(`/proc/${pid}/ns/${name}`);
function identityOf(pid: number): { pid: number; startTicks: number } {
  const identity = identifyProcess(pid);
  if (identity === null) throw new Error(`process ${pid} does not run`);
  return identity;
}
const callersNamespaces = ["net", "ipc", "uts", "mnt"];

describe("the namespaces that callers enter", () => {
  it("are fresh, and the mount namespace is rooted at the container's rootfs", async () => {
    const root = makeRootfs();
    const { proxy } = await ready({ namespaces: { root, hostname: "box" } });
    for (const name of callersNamespaces) {
      expect(namespaceOf(proxy.pid, name)).not.toBe(namespaceOf("self", name));
    }
    expect(readdirSync(`/proc/${proxy.pid}/root`).sort()).toEqual(["marker", "proc"]);
    expect(existsSync(`/proc/${proxy.pid}/root/proc/self`)).toBe(true);
    const mounts = readFileSync(`/proc/${proxy.pid}/mountinfo`, "utf8").trim().split("\n");
    expect(mounts.map((line) => line.split(" ")[4])).toEqual(["/", "/proc"]);
    expect(await inside(proxy.pid, "hostname")).toBe("box\n");
    // The kernel has this route while lo is up.
    expect(readFileSync(`/proc/${proxy.pid}/net/fib_trie`, "utf8")).toContain("127.0.0.1");
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(root);
  });

  it("show the host's files, with the rootfs and its /proc in them, as long as the proxy is held", async () => {
    const root = makeRootfs();
    const guest = await startGuest(`${makeVmDirectory()}/vsock.sock`);
    const proxy = startResident(
      program,
      proxySpec(guest.path, { namespaces: { root, hostname: "box" }, hold: true }),
    );
    expect(await proxy.nextEvent()).toEqual({ event: "held", preserved: [] });
    expect(namespaceOf(proxy.pid, "net")).not.toBe(namespaceOf("self", "net"));
    expect(existsSync(`/proc/${proxy.pid}/root${root}/proc/self`)).toBe(true);
    proxy.proceed();
    await guest.nextProcess();
    expect(await proxy.nextEvent()).toEqual({ event: "ready" });
    expect(readdirSync(`/proc/${proxy.pid}/root`).sort()).toEqual(["marker", "proc"]);
  });

  it("can be another proxy's", async () => {
    const first = await ready({ namespaces: { root: makeRootfs(), hostname: "box" } });
    const second = await ready({ namespaces: { join: identityOf(first.proxy.pid) }, process: "exec-1" });
    for (const name of callersNamespaces) {
      expect(namespaceOf(second.proxy.pid, name)).toBe(namespaceOf(first.proxy.pid, name));
    }
    expect(readFileSync(`/proc/${second.proxy.pid}/root/marker`, "utf8")).toBe("container");
  });

  it("are not those of a process that got the pid later", async () => {
    const first = await ready({ namespaces: { root: makeRootfs(), hostname: "box" } });
    const { pid, startTicks } = identityOf(first.proxy.pid);
    const directory = makeVmDirectory();
    const guest = await startGuest(`${directory}/vsock.sock`);
    const namespaces = { join: { pid, startTicks: startTicks - 1 } };
    const proxy = startResident(program, proxySpec(guest.path, { namespaces, process: "exec-1" }));
    await guest.nextProcess();
    expect(await proxy.nextEvent()).toEqual({
      event: "failed",
      code: "not-found",
      message: `join the namespaces of process ${pid}: the container has ended`,
    });
  });

  it("that cannot be made are an error with a name", async () => {
    const directory = makeVmDirectory();
    const guest = await startGuest(`${directory}/vsock.sock`);
    const namespaces = { root: `${directory}/absent`, hostname: "box" };
    const proxy = startResident(program, proxySpec(guest.path, { namespaces }));
    const event = await proxy.nextEvent();
    expect(event?.["message"]).toContain(`mount ${directory}/absent in the mount namespace`);
    expect((await proxy.ended).code).toBe(1);
  });
});

/** Runs a program of the host in the net and uts namespaces of a process. */
async function inside(pid: number, ...command: readonly string[]): Promise<string> {
  const child = spawn("nsenter", ["-t", String(pid), "-n", "-u", ...command], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(child, "close");
  return Buffer.concat(chunks).toString();
}

describe("the cgroup", () => {
  it("is the one that the spec names", async (context) => {
    const made = makeCgroup("proxy");
    if ("reason" in made) return context.skip(made.reason);
    const cgroup = made.directory;
    const { proxy } = await ready({
      cgroups: [cgroup],
      namespaces: { root: makeRootfs(), hostname: "box" },
    });
    expect(readFileSync(`${cgroup}/cgroup.procs`, "utf8")).toBe(`${proxy.pid}\n`);
    proxy.abandon();
    await proxy.ended;
    rmdirSync(cgroup);
  });

  it("that does not exist is an error with a name", async () => {
    const guest = await startGuest(`${makeVmDirectory()}/vsock.sock`);
    const proxy = startResident(program, proxySpec(guest.path, { cgroups: ["/sys/fs/cgroup/no-such"] }));
    expect((await proxy.nextEvent())?.["message"]).toContain("join cgroup /sys/fs/cgroup/no-such");
  });
});

describe("the out-of-memory score", () => {
  it("is raised, and lowered where that is allowed", async () => {
    const { proxy } = await ready({ oomScoreAdj: 500 });
    expect(readFileSync(`/proc/${proxy.pid}/oom_score_adj`, "utf8")).toBe("500\n");
    await ready({ oomScoreAdj: -999 });
  });
});

describe("a guest that is not ready", () => {
  it("is tried again until it is", async () => {
    const path = `${makeVmDirectory()}/vsock.sock`;
    const guest = await startGuest(path, { refusals: 5 });
    const proxy = startResident(program, proxySpec(path));
    await guest.nextProcess();
    expect(await proxy.nextEvent()).toEqual({ event: "ready" });
  });

  it("may accept and close again first", async () => {
    const path = `${makeVmDirectory()}/vsock.sock`;
    const guest = await startGuest(path);
    const proxy = startResident(program, proxySpec(path));
    (await guest.nextConnection()).socket.destroy();
    await guest.nextProcess();
    expect(await proxy.nextEvent()).toEqual({ event: "ready" });
  });

  it.each([
    ["refuses", { refusals: 1_000_000 }],
    ["says nothing", {}],
  ])("ends the proxy at the deadline when it %s", async (_name, options) => {
    const path = `${makeVmDirectory()}/vsock.sock`;
    await startGuest(path, options);
    const proxy = startResident(program, proxySpec(path, { connectTimeoutMs: 200 }));
    expect(await proxy.nextEvent()).toMatchObject({ event: "failed", code: "timeout" });
    expect((await proxy.ended).code).toBe(1);
  });

  it("is an error at once when its monitor is gone", async () => {
    const proxy = startResident(program, proxySpec("/run/no-such/vsock.sock"));
    const event = await proxy.nextEvent();
    expect(event).toMatchObject({ event: "failed", code: "unavailable" });
    expect(event?.["message"]).toContain("has its VM ended?");
  });

  it("is an error in the words of its monitor", async () => {
    const path = `${makeVmDirectory()}/vsock.sock`;
    const reason = `more than 400 connections to one guest, and ${"so on ".repeat(40)}`;
    const monitor = createServer((socket) => socket.once("data", () => socket.write(`ERROR ${reason}\n`)));
    monitor.listen(path);
    const event = await startResident(program, proxySpec(path)).nextEvent();
    monitor.close();
    expect(event).toMatchObject({ event: "failed", code: "unavailable" });
    expect(event?.["message"]).toContain(`guest port 1025: refused: ERROR ${reason}`);
  });

  it("may refuse for good", async () => {
    const guest = await startGuest(`${makeVmDirectory()}/vsock.sock`);
    const proxy = startResident(program, proxySpec(guest.path));
    const { socket } = await guest.nextConnection();
    const reason = Buffer.from("no container c1");
    socket.write(Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 0, 0, reason.length]), reason]));
    const event = await proxy.nextEvent();
    expect(event).toMatchObject({ event: "failed", code: "not-found" });
    expect(event?.["message"]).toContain("no container c1");
  });
});

describe("a verb that dies before it commits", () => {
  it("ends the proxy, and with its connection the guest process", async () => {
    const { proxy, frames } = await ready();
    proxy.abandon();
    await frames.ended();
    expect((await proxy.ended).code).toBe(1);
  });

  it("does so while the guest is awaited, too", async () => {
    const path = `${makeVmDirectory()}/vsock.sock`;
    await startGuest(path, { refusals: 1_000_000 });
    const proxy = startResident(program, proxySpec(path));
    await eventually("it runs", () => isRunning(proxy.pid));
    proxy.abandon();
    expect((await proxy.ended).code).toBe(1);
  });
});

describe("the caller of the verb", () => {
  it(
    "is the one who waits for the proxy: it is a subreaper, and the verb has ended",
    async () => {
      const fixture = quickjsFixture("subreaper");
      const guest = await startGuest(`${makeVmDirectory()}/vsock.sock`);
      // As a verb does: starts the proxy, commits once it is ready, ends.
      const verb = `
      const child = require("node:child_process").spawn(process.argv[1], [], { stdio: ["ignore", "ignore", "ignore", "pipe"], detached: true });
      child.stdio[3].write(process.argv[2] + "\\n");
      child.stdio[3].once("data", () => child.stdio[3].end('{"commit":true}\\n', () => process.exit(7)));`;
      const shim = spawn(
        fixture,
        [process.execPath, "-e", verb, program, JSON.stringify(proxySpec(guest.path))],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      const lines = createInterface({ input: shim.stdout })[Symbol.asyncIterator]();
      const { frames } = await guest.nextProcess();
      const first = JSON.parse((await lines.next()).value as string) as { exitCode: number };
      expect(first.exitCode).toBe(7);
      for (const stream of [1, 2]) frames.send("eof", stream);
      frames.sendExit(42);
      const second = JSON.parse((await lines.next()).value as string) as { exitCode: number };
      expect(second.exitCode).toBe(42);
    },
    buildTimeoutMs,
  );
});
