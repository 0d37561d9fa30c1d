import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { dangerousCapabilities } from "../harness/bundle.ts";
import { rootfsWith } from "../harness/guest-programs.ts";
import { statusOf } from "../harness/host-processes.ts";
import { eventually, leavesNothing, useRunv } from "../harness/leftovers.ts";
import { piecesOf } from "../harness/vm-pieces.ts";

/** As long as an id gets that a caller such as containerd puts into --root. */
const runv = useRunv({ rootName: "r".repeat(200) });
let container = "";
const inside = async (script: string) => runv().run(["exec", container, "sh", "-c", script]);

test("a container whose root has the capabilities that an attack would want, below a long --root", async () => {
  expect(runv().root.length).toBeGreaterThan(200);
  const rootfs = path.join(runv().directory, "rootfs");
  await rootfsWith(rootfs, ["isolation-probe"]);
  container = await runv().running({
    args: ["sleep", "1000000"],
    capabilities: dangerousCapabilities,
    rootfs,
  });
  expect((await inside("id -u")).stdout).toBe("0\n");
});

test("it cannot make a vsock socket, by whatever system call", async () => {
  const { EAFNOSUPPORT } = constants.errno;
  const outcome = await inside("isolation-probe");
  expect(
    Object.fromEntries(
      outcome.stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" ")),
    ),
  ).toEqual({
    stream: `${EAFNOSUPPORT}`,
    datagram: `${EAFNOSUPPORT}`,
    pair: expect.not.stringMatching(/^0$/) as string,
    wide: `${EAFNOSUPPORT}`,
    x32: `${constants.errno.ENOSYS}`,
    "socket-32": `${EAFNOSUPPORT}`,
    "socketcall-32": `${EAFNOSUPPORT}`,
    io_uring: `${constants.errno.ENOSYS}`,
    inet: "0",
  });
});

test("it cannot see or kill the agent", async () => {
  const { stdout } = await inside("cat /proc/[0-9]*/cmdline | tr '\\0' ' '; ls -l /proc/1/exe");
  expect(stdout).toContain("sleep 1000000");
  expect(stdout).not.toContain("agent");
  await inside("kill -9 -1; kill -9 1");
  expect((await inside("echo alive")).stdout).toBe("alive\n");
});

test("it cannot load a module", async () => {
  const outcome = await inside(
    "dd if=/dev/zero of=/dev/shm/m.ko bs=1k count=1 2>/dev/null; insmod /dev/shm/m.ko",
  );
  expect(outcome.status).not.toBe(0);
  expect(outcome.stderr).toMatch(
    /insmod: can't insert '\/dev\/shm\/m.ko': (Function not implemented|Operation not permitted|kernel does not support requested operation)/,
  );
});

test("it cannot read the scratch disk, the console, ports or memory, even with nodes of its own", async () => {
  const number = async (file: string): Promise<string> =>
    (await inside(`cat ${file}`)).stdout.trim().replace(":", " ");
  const nodes = {
    disk: `b ${await number("/sys/block/vda/dev")}`,
    vsock: `c ${await number("/sys/class/misc/vsock/dev")}`,
    serial: "c 4 64",
    console: "c 5 1",
    hypervisor: "c 229 0",
    mem: "c 1 1",
    port: "c 1 4",
    kmsg: "c 1 11",
  };
  for (const [name, node] of Object.entries(nodes)) {
    // Not below a mount with nodev, which would refuse them all.
    const outcome = await inside(
      `mknod /dev/${name} ${node} && dd if=/dev/${name} of=/dev/null bs=512 count=1`,
    );
    expect(outcome.status, `${name}: ${outcome.stderr}`).not.toBe(0);
    expect(outcome.stderr, name).toMatch(/can't open .* Operation not permitted/);
  }
  expect((await inside("mkdir /dev/x; mount -t ext4 /dev/disk /dev/x")).stderr).toMatch(
    /Operation not permitted|permission denied/,
  );
});

test("it cannot mount what the agent has, nor leave its root", async () => {
  const { stdout } = await inside(
    "ls /; mkdir -p /tmp/d && mount -t devtmpfs none /tmp/d && ls /tmp/d/vda && cat /tmp/d/vda | head -c 16 | wc -c",
  );
  expect(stdout).not.toMatch(/^16$/m);
  expect((await inside("ls /proc/1/root/init /init")).status).not.toBe(0);
});

test("it cannot stop the machine past its init process", async () => {
  // The kernel has none, so that nothing depends on /proc being read-only.
  const sysrq = "ls -d /proc/sys/kernel/printk /proc/sysrq-trigger /proc/sys/kernel/sysrq 2> /dev/null";
  expect((await inside(sysrq)).stdout).toBe("/proc/sys/kernel/printk\n");
  expect((await inside("echo b > /proc/sysrq-trigger")).status).not.toBe(0);
  expect((await inside("echo alive")).stdout).toBe("alive\n");
});

test("it cannot reach another container's virtual machine", async () => {
  const other = await runv().running();
  const listener = runv().start(["exec", other, "nc", "-l", "-p", "7777"], ["pipe", "ignore", "ignore"]);
  // 1E61 is port 7777, which is open in the other machine.
  const sockets = async () =>
    (await runv().run(["exec", other, "cat", "/proc/net/tcp", "/proc/net/tcp6"])).stdout;
  await eventually(async () => (await sockets()).includes(":1E61 "), true);
  expect((await inside("ls /sys/class/net; wc -l < /proc/net/route")).stdout).toBe("lo\n1\n");
  const here = await inside("nc -w 1 127.0.0.1 7777 </dev/null");
  expect([here.status, here.stderr]).toEqual([1, expect.stringContaining("refused")]);
  const beyond = await inside("nc -w 1 10.0.2.2 7777 </dev/null");
  expect([beyond.status, beyond.stderr]).toEqual([1, expect.stringContaining("unreachable")]);
  const uids = [container, other].map((id) => statusOf(piecesOf(runv(), id).vmm.pid, "Uid"));
  expect(uids[0]).not.toBe(uids[1]);
  listener.kill();
  await runv().ok(["delete", "--force", other]);
});

test("the VMM and its helper run as a user of their own, without privileges, in a root with nothing of the host's", () => {
  const { vmm, carrier } = piecesOf(runv(), container);
  for (const { pid, name } of [vmm, ...(carrier === null ? [] : [carrier])]) {
    const ids = statusOf(pid, "Uid").split(/\s+/);
    expect(new Set(ids).size, name).toBe(1);
    expect(Number(ids[0]), name).toBeGreaterThan(65_536);
    expect(statusOf(pid, "Groups"), name).toBe("");
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
      expect(statusOf(pid, set), `${name} ${set}`).toBe("0000000000000000");
    expect(statusOf(pid, "NoNewPrivs"), name).toBe("1");
    for (const namespace of ["mnt", "net", "ipc"])
      expect(readlinkSync(`/proc/${pid}/ns/${namespace}`), name).not.toBe(
        readlinkSync(`/proc/self/ns/${namespace}`),
      );
    for (const file of ["etc/shadow", "etc/passwd", "root", "home", "run/runv", "proc", "var", process.cwd()])
      expect(existsSync(`/proc/${pid}/root/${file}`), `${name} ${file}`).toBe(false);
    expect(readdirSync(`/proc/${pid}/root/etc`)).toEqual(["ld.so.cache"]);
  }
  expect(statusOf(vmm.pid, "Seccomp")).toBe("2");
});

test("the host's memory and disk are safe from the VMM: its OOM score is the container's, and its files are bounded", async () => {
  const scores: string[][] = [];
  for (const oomScoreAdj of [undefined, 700]) {
    const id = runv().newId("score");
    const bundle = runv().bundle({
      args: ["sleep", "1000000"],
      ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
    });
    const create = runv().argv(["create", "--bundle", bundle, id]);
    // A caller's own score: containerd's shim has a low one, a build job may have a high one.
    const outcome = await runv().shell('echo 300 > /proc/self/oom_score_adj && exec "$@"', create, id);
    expect(outcome.status, outcome.stderr).toBe(0);
    const { monitor, vmm, carrier } = piecesOf(runv(), id);
    const confined = carrier === null ? [vmm] : [vmm, carrier];
    scores.push([monitor, ...confined].map(({ pid }) => read(pid, "oom_score_adj").trim()));
    const limits = confined.map(({ pid }) => /^Max file size +(\d+) +(\d+)/m.exec(read(pid, "limits")));
    const scratchBytes = 10 * 1024 ** 3;
    expect(limits.map((limit) => limit?.slice(1).map(Number))).toEqual(
      [
        [scratchBytes, scratchBytes],
        [0, 0],
      ].slice(0, confined.length),
    );
    await runv().ok(["delete", "--force", id]);
  }
  expect(scores.map((found) => [...new Set(found)])).toEqual([["0"], ["700"]]);
});

function read(pid: number, file: string): string {
  return readFileSync(`/proc/${pid}/${file}`, "utf8");
}

leavesNothing(runv);
