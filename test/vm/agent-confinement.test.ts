import { protocolVersion } from "@runv/protocol";
import { beforeAll, expect, test } from "vitest";
import { sharedGuest } from "../harness/agent-guest.ts";
import { compileProgram } from "../harness/compile-program.ts";
import { runContainer, runExec, sendRootfs, specContainer, specProcess } from "../harness/container.ts";

const shared = sharedGuest();
const all = [
  ...[
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "KILL",
    "MKNOD",
    "NET_ADMIN",
    "NET_RAW",
    "SETGID",
    "SETUID",
    "SETPCAP",
  ],
  ...["SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE"],
].map((name) => `CAP_${name}`);
const privileged = {
  capabilities: { bounding: all, effective: all, inheritable: [], permitted: all, ambient: [] },
  noNewPrivileges: false,
};

beforeAll(async () => {
  await sendRootfs(shared.agent, shared.guest, "jail");
  await shared.agent.containers.create(specContainer("jail", ["sleep", "100000"]));
  await shared.agent.containers.start({ containerId: "jail" });
});

let count = 0;

/** What a root with every capability gets to see of a script. */
async function inside(
  script: string,
  changes: Parameters<typeof specProcess>[1] = privileged,
): Promise<string> {
  const names = { container: "jail", process: `try-${++count}` };
  const { stdout } = await runExec(
    shared.agent,
    shared.guest,
    names,
    specProcess(["sh", "-c", script], changes),
  );
  return stdout.toString();
}

test("the agent and its processes cannot be seen", async () => {
  expect(await inside("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")).not.toContain("init");
  expect(await inside("cat /proc/1/comm")).toBe("sleep\n");
  expect(await inside("ls -d /proc/[0-9]* | wc -l")).not.toBe("0\n");
});

test("only the default devices open", async () => {
  expect(await inside("head -c 4 /dev/zero | wc -c; echo x > /dev/null && echo ok")).toBe("4\nok\n");
  const script =
    "mkdir -p /dev/x; mknod /dev/x/ttyS0 c 4 64 && (: > /dev/x/ttyS0) 2>&1; mknod /dev/x/mem c 1 1 && head -c 1 /dev/x/mem 2>&1";
  const said = await inside(script);
  expect(said.match(/Operation not permitted/g)).toHaveLength(2);
});

test("modules, kernel and host name of the guest are out of reach", async () => {
  expect(await inside("echo 1 > /proc/sys/kernel/panic || echo refused")).toBe("refused\n");
  expect(await inside("cat /proc/timer_list /proc/keys | wc -c")).toBe("0\n");
  expect(await inside("touch /rootfs-is-readonly || echo refused")).toBe("refused\n");
});

test("capabilities are those asked for, and none without", async () => {
  const caps = "grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status | tr -s '\\t' ' '";
  const none = await inside(caps, { capabilities: undefined, noNewPrivileges: true });
  expect(none).toMatch(
    /CapInh: 0+\nCapPrm: 0+\nCapEff: 0+\nCapBnd: 0+\nCapAmb: 0+\nNoNewPrivs: 1\nSeccomp: 2\n/,
  );
  const netBind = ["CAP_NET_BIND_SERVICE"];
  const ambient = await inside(caps, {
    uid: 1000,
    gid: 1000,
    capabilities: {
      bounding: netBind,
      effective: netBind,
      inheritable: netBind,
      permitted: netBind,
      ambient: netBind,
    },
  });
  expect(ambient).toMatch(/(Cap...: 0{13}400\n){5}/);
});

test("AF_VSOCK is closed to 64-bit programs, and io_uring with it", async () => {
  const program = compileProgram(`
    #include <errno.h>
    #include <stdio.h>
    #include <string.h>
    #include <sys/socket.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    int main(void) {
      char params[256];
      memset(params, 0, sizeof params);
      printf("%d ", socket(AF_VSOCK, SOCK_STREAM, 0) < 0 ? errno : 0);
      printf("%d ", socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? errno : 0);
      printf("%d ", syscall(0x40000000 | SYS_socket, AF_VSOCK, SOCK_STREAM, 0) < 0 ? errno : 0);
      printf("%d\\n", syscall(425, 1, params) < 0 ? errno : 0);
      return 0;
    }`);
  const request = specContainer(
    "vsock",
    ["sh", "-c", "cat > /tmp/try; chmod +x /tmp/try; /tmp/try"],
    privileged,
  );
  const { stdout } = await runContainer(
    shared.agent,
    shared.guest,
    { ...request, rootfs: { driver: "stream", readonly: false } },
    { input: program },
  );
  expect(stdout.toString()).toBe("97 0 38 38\n");
});

test("a container that takes all memory and all processes does not take the agent", async () => {
  const bomb = "bomb() { bomb | bomb & }; (bomb); tail /dev/zero; sleep 1000";
  await sendRootfs(shared.agent, shared.guest, "greedy");
  await shared.agent.containers.create(specContainer("greedy", ["sh", "-c", bomb], privileged));
  await shared.agent.containers.start({ containerId: "greedy" });
  for (let call = 0; call < 10; call++)
    expect((await shared.agent.health.check({})).protocolVersion).toBe(protocolVersion);
  expect(await inside("echo another container still runs")).toBe("another container still runs\n");
  await shared.agent.containers.delete({ containerId: "greedy" });
  expect((await shared.agent.health.check({})).protocolVersion).toBe(protocolVersion);
});
