import { constants } from "node:os";
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
import { ProcessConnection } from "../harness/process-io.ts";

const shared = sharedGuest();
const { EACCES, ENOSYS, EPERM } = constants.errno;
const jail = "jail";
const [SIGHUP, SIGINT, SIGKILL] = [1, 2, 9];
let count = 0;

beforeAll(async () => {
  const programs = ["privileged-calls", "keyring-probe"];
  await sendRootfs(shared.agent, shared.guest, jail, { programs });
  await shared.agent.containers.create(specContainer(jail, ["sleep", "100000"]));
  await shared.agent.containers.start({ containerId: jail });
});

/** What a root with the capabilities of `runc spec`, or with these, gets to see of a script. */
async function inside(script: string, changes: Parameters<typeof specProcess>[1] = {}): Promise<string> {
  const names = { container: jail, process: `try-${++count}` };
  const process = specProcess(["sh", "-c", script], changes);
  const { stdout } = await runExec(shared.agent, shared.guest, names, process);
  return stdout.toString();
}

/** The exit of a container's init that runs this, with these capabilities. */
async function initEnds(id: string, args: readonly string[], changes: Parameters<typeof specProcess>[1]) {
  return runContainer(shared.agent, shared.guest, specContainer(id, args, changes));
}

test("the calls that reach for the whole kernel are refused to the default capabilities", async () => {
  const lines = (await inside("privileged-calls")).trim().split("\n");
  expect(Object.fromEntries(lines.map((line) => line.split(" ")))).toEqual({
    bpf: `${EPERM}`,
    perf_event_open: `${EACCES}`,
    userfaultfd: `${EPERM}`,
    init_module: `${ENOSYS}`,
    finit_module: `${ENOSYS}`,
    kexec_load: `${ENOSYS}`,
    kexec_file_load: `${ENOSYS}`,
    open_by_handle_at: `${EPERM}`,
    reboot: `${EPERM}`,
    settimeofday: `${EPERM}`,
    syslog: `${EPERM}`,
    iopl: `${ENOSYS}`,
    ioperm: `${ENOSYS}`,
    swapon: `${EPERM}`,
    mount: `${EPERM}`,
    unshare: `${EPERM}`,
    sethostname: `${EPERM}`,
    x32: `${ENOSYS}`,
  });
});

test("no module, no other kernel and no handle even with every capability", async () => {
  const said = await inside("privileged-calls", everyCapability);
  for (const call of ["init_module", "finit_module", "kexec_load", "kexec_file_load", "x32"])
    expect(said).toContain(`${call} ${ENOSYS}\n`);
  expect(said).toContain(`open_by_handle_at ${EPERM}\n`);
});

test("no sysctl is written, namespaced or not", async () => {
  const script = `
    find /proc/sys -type f > /dev/shm/all; wc -l < /dev/shm/all
    while read -r f; do
      v=; { read -r v < "$f"; } 2> /dev/null; { echo "$v" > "$f"; } 2> /dev/null && echo "$f"
    done < /dev/shm/all`;
  const [total, ...written] = (await inside(script)).trim().split("\n");
  expect(Number(total)).toBeGreaterThan(300);
  expect(written).toEqual([]);
});

test("of all devices that the guest's kernel has only the default ones open, with every capability and nodes of its own", async () => {
  const script = `
    mkdir /dev/all
    for kind in char block; do for d in /sys/dev/$kind/*; do
      [ -e "$d" ] || continue
      n=\${d##*/}; mknod /dev/all/$kind-$n \${kind%%[hl]*} \${n%:*} \${n#*:} || echo "no node $n"
      for how in '<' '>'; do
        said=$(eval "(: $how /dev/all/$kind-$n)" 2>&1); case "$said" in *"Operation not permitted"*) ;; *) echo "$kind $n";; esac
      done
    done; done | sort -u; ls /sys/dev/char | wc -l`;
  const opened = (await inside(script, everyCapability)).trim().split("\n");
  expect(Number(opened.pop())).toBeGreaterThan(10);
  const allowed = ["1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:2"].map((number) => `char ${number}`);
  expect(opened).toEqual(allowed);
});

test("init is not stopped or killed from inside, and ptrace reaches nobody else", async () => {
  await inside("kill -STOP 1; kill -KILL 1; kill -STOP -1", everyCapability);
  expect(await inside("grep -E '^(State|PPid|TracerPid)' /proc/1/status | tr -s '\\t' ' '")).toBe(
    "State: S (sleeping)\nPPid: 0\nTracerPid: 0\n",
  );
  expect(await inside("ls -d /proc/[0-9]* | wc -l; ls /proc/1/root/init 2>&1 | grep -c 'No such'")).toMatch(
    /^[2-6]\n1\n$/,
  );
});

test("reboot(2) ends the container that calls it, and nobody else", async () => {
  const { signal: rebooted } = await initEnds("reboots", ["reboot", "-f"], everyCapability);
  const { signal: halted } = await initEnds("halts", ["poweroff", "-f"], everyCapability);
  expect([rebooted, halted]).toEqual([SIGHUP, SIGINT]);
  expect(await inside("echo still here")).toBe("still here\n");
});

test("a key on a session keyring is its process's own", async () => {
  expect(await inside("keyring-probe add; keyring-probe find")).toBe("found\nfound\n");
  expect(await inside("keyring-probe find")).toBe("absent\n");
});

test("the root is private unless config.json says otherwise, and never a peer of the agent's", async () => {
  const kinds: Record<string, RegExp> = {
    "": /^-$/,
    rshared: /^shared:\d+$/,
    rslave: /^-$/,
    unbindable: /^unbindable$/,
  };
  for (const [rootfsPropagation, expected] of Object.entries(kinds)) {
    const script = `awk '$5 == "/" { print $7 }' /proc/self/mountinfo`;
    const request = specContainer(`spread-${rootfsPropagation}`, ["sh", "-c", script]);
    const { stdout } = await runContainer(shared.agent, shared.guest, { ...request, rootfsPropagation });
    expect(stdout.toString().trim(), rootfsPropagation).toMatch(expected);
  }
});

test("a container without a network of its own has the guest's, with its loopback up", async () => {
  const request = specContainer(
    "lo",
    ["sh", "-c", "ping -c 1 -W 5 127.0.0.1 > /dev/null; echo $?; ls /sys/class/net"],
    {
      capabilities: everyCapability.capabilities,
    },
  );
  const namespaces = request.namespaces.filter((namespace) => namespace !== Namespace.NETWORK);
  const { stdout } = await runContainer(shared.agent, shared.guest, { ...request, namespaces });
  expect(stdout.toString()).toMatch(/^0\n(.*\n)*lo\n/);
});

test("what takes all memory is killed in its container, where the worst offender goes first", async () => {
  const outcome = await initEnds("hog", ["tail", "/dev/zero"], {});
  expect(outcome.signal).toBe(SIGKILL);
  const id = "parent";
  const connection = await ProcessConnection.open(shared.guest, { container: id, process: "" });
  await sendRootfs(shared.agent, shared.guest, id);
  await shared.agent.containers.create(specContainer(id, ["sh", "-c", "tail /dev/zero; echo child $?"]));
  await shared.agent.containers.start({ containerId: id });
  expect((await connection.outcome).stdout.toString()).toBe("child 137\n");
  await shared.agent.containers.delete({ containerId: id });
  expect(await inside("cat /proc/self/oom_score_adj")).toBe("0\n");
  expect((await shared.agent.health.check({})).residentBytes).toBeGreaterThan(0);
});

test("a container that asks never to be killed for memory does not take the guest along", async () => {
  const id = "unkillable";
  const script = "cat /proc/self/oom_score_adj; exec tail /dev/zero";
  const { signal, stdout } = await initEnds(id, ["sh", "-c", script], { oomScoreAdj: -1000 });
  expect([signal, stdout.toString()]).toEqual([SIGKILL, "-999\n"]);
  expect((await shared.agent.health.check({})).protocolVersion).toBe(protocolVersion);
});
