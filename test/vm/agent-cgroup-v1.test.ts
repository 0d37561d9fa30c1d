import { Namespace, protocolVersion } from "@runv/protocol";
import { beforeAll, expect, test } from "vitest";
import { sharedGuest } from "../harness/agent-guest.ts";
import {
  everyCapability,
  runContainer,
  runExec,
  sendRootfs,
  specContainer,
  specProcess,
} from "../harness/container.ts";

const shared = sharedGuest({ cgroupVersion: 1 });
const container = "hostile";

beforeAll(async () => {
  const { agent, guest } = shared;
  await sendRootfs(agent, guest, container);
  const request = specContainer(container, ["sleep", "100000"], everyCapability);
  await agent.containers.create({ ...request, rootfs: { driver: "stream", readonly: false } });
  await agent.containers.start({ containerId: container });
  await inside(
    "mkdir /cg; for c in devices memory pids freezer cpuset; do mkdir /cg/$c; mount -t cgroup -o $c x /cg/$c; done",
  );
});

let count = 0;

/** What root with every capability gets to see of a script. */
async function inside(script: string): Promise<string> {
  const names = { container, process: `exec-${(count += 1)}` };
  const process = specProcess(["sh", "-c", script], everyCapability);
  const { stdout, stderr } = await runExec(shared.agent, shared.guest, names, process);
  return stdout.toString() + stderr.toString();
}

test("root with every capability opens no device that its rules deny, whatever it writes to a devices controller of its own", async () => {
  await inside("mknod /port c 4 64; mkdir /cg/devices/sub");
  const attempts = ["a", "c 4:64 rwm", "c *:* rwm"].flatMap((rule) => [
    `(echo ${rule} > /cg/devices/devices.allow) 2> /dev/null || echo refused`,
    `(echo ${rule} > /cg/devices/sub/devices.allow) 2> /dev/null || echo refused`,
  ]);
  expect(await inside(attempts.join("; ").replaceAll("*", "'*'"))).toBe("refused\n".repeat(6));
  const opening = "(: < /port) 2> /dev/null && echo opened || echo denied";
  expect(await inside(`${opening}; echo $$ > /cg/devices/sub/cgroup.procs; ${opening}`)).toBe(
    "denied\ndenied\n",
  );
  expect(await inside("cat /cg/devices/devices.list")).not.toMatch(/^a|4:64/m);
});

test("nothing above its own cgroups can be reached, and no hierarchy and no release agent can be made", async () => {
  expect(await inside("sed 's/.*:/:/' /proc/self/cgroup | sort -u")).toBe(":/\n");
  for (const options of ["none,name=own", "memory,release_agent=/x", "cpu,memory"])
    expect(
      await inside(`mkdir -p /own; mount -t cgroup -o ${options} x /own && ls /own/release_agent`),
    ).toMatch(/failed|denied|not permitted|No such file/);
  expect(await inside("mount -o remount,memory,release_agent=/x /cg/memory && echo changed")).not.toContain(
    "changed",
  );
  // Its own tree of version 2 has no controller.
  const tree = "mkdir -p /two; mount -t cgroup2 x /two && cat /two/cgroup.controllers && ls /two/cgroup.type";
  expect(await inside(tree)).toBe("/two/cgroup.type\n");
});

test("what the agent keeps for itself is kept, whatever the container's own limits are", async () => {
  expect(await inside("echo -1 > /cg/memory/memory.limit_in_bytes; echo max > /cg/pids/pids.max")).toBe("");
  const fill =
    "mkdir /tmp/t; mount -t tmpfs -o size=100% x /tmp/t; dd if=/dev/zero of=/tmp/t/f bs=1M; umount /tmp/t";
  await inside(fill);
  expect((await shared.agent.health.check({})).protocolVersion).toBe(protocolVersion);
  expect(await inside("echo still here")).toBe("still here\n");
});

test("root of a user namespace sees them, and nothing there is its own", async () => {
  const ids = [{ inside: 0, outside: 100_000, count: 65_536 }];
  const script =
    "sed 's/.*:/:/' /proc/self/cgroup | sort -u; cd /sys/fs/cgroup/memory; stat -c %u .; mkdir x 2>&1; cat cgroup.procs";
  const base = specContainer("mapped", ["sh", "-c", script]);
  const mounts = base.mounts.map((mount) =>
    mount.type === "cgroup" ? { ...mount, options: ["nosuid", "rw"] } : mount,
  );
  const namespaces = [...base.namespaces, Namespace.USER];
  const request = { ...base, mounts, namespaces, uidMappings: ids, gidMappings: ids };
  const { stdout, exitCode } = await runContainer(shared.agent, shared.guest, request);
  expect([exitCode, stdout.toString()]).toEqual([
    0,
    expect.stringMatching(/^:\/\n65534\nmkdir: .*Permission denied\n1\n/),
  ]);
});

test("ps shows and SIGKILL reaches a process that has hidden, and stopped, in cgroups of its own", async () => {
  const commands = async () => {
    const { processes } = await shared.agent.containers.listProcesses({ containerId: container });
    return processes.map(({ command }) => command).filter((command) => command.startsWith("sleep 77"));
  };
  const hide = (seconds: number) =>
    `sh -c 'echo $$ > cgroup.procs && exec sleep ${seconds}' > /dev/null 2>&1 < /dev/null &`;
  const name = "n".repeat(200);
  // Together longer than PATH_MAX.
  const deep = `i=0; while [ $i -lt 24 ]; do mkdir ${name} && cd ${name}; i=$((i + 1)); done; ${hide(772)}`;
  await inside(`cd /cg/pids; odd=$(printf '\\377'); mkdir $odd; (cd $odd; ${hide(771)}) ; ${deep}`);
  await inside(
    `mkdir /cg/freezer/ice; cd /cg/freezer/ice; ${hide(773)} sleep 1; echo FROZEN > freezer.state`,
  );
  await expect.poll(async () => (await commands()).sort()).toEqual(["sleep 771", "sleep 772", "sleep 773"]);
  await shared.agent.containers.kill({ containerId: container, signal: 9, all: true });
  await expect.poll(commands).toEqual([]);
  await shared.agent.containers.delete({ containerId: container });
  expect((await shared.agent.health.check({})).protocolVersion).toBe(protocolVersion);
});
