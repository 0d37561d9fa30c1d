import { protocolVersion } from "@runv/protocol";
import { beforeAll, expect, test } from "vitest";
import { sharedGuest } from "../harness/agent-guest.ts";
import { compileProgram } from "../harness/compile-program.ts";
import { runExec, sendRootfs, specContainer, specProcess } from "../harness/container.ts";
import { ProcessConnection } from "../harness/process-io.ts";

const shared = sharedGuest();
const container = "hostile";
const all = ["SYS_ADMIN", "SYS_PTRACE", "SYS_RESOURCE", "DAC_OVERRIDE", "DAC_READ_SEARCH", "NET_ADMIN", "BPF"]
  .concat(["MKNOD", "CHOWN", "FOWNER", "KILL", "SETUID", "SETGID", "SETPCAP", "SYS_CHROOT"])
  .map((name) => `CAP_${name}`);
const privileged = {
  capabilities: { bounding: all, effective: all, inheritable: [], permitted: all, ambient: [] },
  noNewPrivileges: false,
};

/** Looks through every process that comes into sight for what only the agent has, until /tmp/stop is there. */
const tracer = `
  #define _GNU_SOURCE
  #include <fcntl.h>
  #include <stdio.h>
  #include <unistd.h>
  static int opens(const char *format, int pid) {
    char path[64];
    snprintf(path, sizeof path, format, pid);
    int fd = open(path, O_PATH);
    if (fd >= 0) close(fd);
    return fd >= 0;
  }
  int main(void) {
    while (access("/tmp/stop", F_OK) != 0)
      for (int pid = 2; pid < 200; pid++)
        if (opens("/proc/%d/root/scratch/containers", pid) || opens("/proc/%d/fd/0/init", pid)) {
          printf("process %d shows the agent's files\\n", pid);
          return 1;
        }
    printf("nothing\\n");
    return 0;
  }`;

beforeAll(async () => {
  const { agent, guest } = shared;
  await sendRootfs(agent, guest, container);
  const script =
    "cat > /tmp/tracer; chmod +x /tmp/tracer; mkdir /tmp/cg; mount -t cgroup2 x /tmp/cg; echo ready; exec sleep 100000";
  const request = specContainer(container, ["sh", "-c", script], privileged);
  const init = await ProcessConnection.open(guest, { container, process: "" });
  await agent.containers.create({ ...request, rootfs: { driver: "stream", readonly: false } });
  await init.welcome;
  await agent.containers.start({ containerId: container });
  await init.write(compileProgram(tracer));
  init.endInput();
  while ((await inside("cat /proc/1/comm")) !== "sleep\n");
});

let count = 0;

/** What root with these capabilities gets to see of a script. */
async function inside(script: string): Promise<string> {
  const process = `try-${++count}`;
  const names = { container, process };
  const { stdout } = await runExec(
    shared.agent,
    shared.guest,
    names,
    specProcess(["sh", "-c", script], privileged),
  );
  return stdout.toString();
}

test("a tracer in the container never sees an exec that still holds what is the agent's", async () => {
  const traced = inside("/tmp/tracer");
  for (let turn = 0; turn < 10; turn++) expect(await inside("echo ok")).toBe("ok\n");
  await inside(": > /tmp/stop");
  expect(await traced).toBe("nothing\n");
});

test("a container changes no limit of its own and does not freeze what enters it", async () => {
  const limits = ["pids.max", "memory.max", "cgroup.max.depth", "cgroup.freeze", "cgroup.type"];
  for (const name of limits)
    expect(await inside(`(echo 1 > /tmp/cg/${name}) 2> /dev/null || echo refused`)).toBe("refused\n");
});

test("a tmpfs that takes all memory ends its writer, not the guest", async () => {
  const fill =
    "mkdir /tmp/t; mount -t tmpfs -o size=100% x /tmp/t; dd if=/dev/zero of=/tmp/t/f bs=1M; umount /tmp/t";
  await inside(fill);
  expect((await shared.agent.health.check({})).protocolVersion).toBe(protocolVersion);
  expect(await inside("echo still here")).toBe("still here\n");
});

test("ps shows and a signal to all reaches a process whatever it calls its cgroup, and however deep that is", async () => {
  const commands = async () => {
    const { processes } = await shared.agent.containers.listProcesses({ containerId: container });
    return processes.map(({ command }) => command).filter((command) => command.startsWith("sleep 77"));
  };
  const hide = (seconds: number) =>
    `sh -c 'echo $$ > cgroup.procs && exec sleep ${seconds}' > /dev/null 2>&1 < /dev/null &`;
  const name = "n".repeat(200);
  // Together longer than PATH_MAX.
  const deep = `i=0; while [ $i -lt 24 ]; do mkdir ${name} && cd ${name}; i=$((i + 1)); done; ${hide(772)}`;
  await inside(`cd /tmp/cg; odd=$(printf '\\377'); mkdir $odd; (cd $odd; ${hide(771)}) ; ${deep}`);
  await expect.poll(async () => (await commands()).sort()).toEqual(["sleep 771", "sleep 772"]);
  await shared.agent.containers.kill({ containerId: container, signal: 15, all: true });
  await expect.poll(commands).toEqual([]);
});

test("an exec joins a container that has handed its controllers on, and ps and delete get through whatever its cgroups are", async () => {
  const odd = "mkdir -p /tmp/cg/sub/threaded /tmp/cg/$(printf '\\377')/below";
  const threaded = "echo threaded > /tmp/cg/sub/threaded/cgroup.type";
  const move = "for p in $(cat /tmp/cg/cgroup.procs); do echo $p > /tmp/cg/sub/cgroup.procs; done";
  await inside(`${odd}; ${threaded}; ${move}; echo +pids > /tmp/cg/cgroup.subtree_control`);
  expect(await inside("cat /proc/self/cgroup")).toBe("0::/sub\n");
  const { processes } = await shared.agent.containers.listProcesses({ containerId: container });
  expect(processes.map(({ pid }) => pid)).toContain(1);
  await shared.agent.containers.delete({ containerId: container });
  expect((await shared.agent.health.check({})).protocolVersion).toBe(protocolVersion);
});
