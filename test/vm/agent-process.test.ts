import { createHash, randomBytes } from "node:crypto";
import { Namespace } from "@runv/protocol";
import { expect, test } from "vitest";
import { sharedGuest } from "../harness/agent-guest.ts";
import { runContainer, runUnpacked, sendRootfs, specContainer } from "../harness/container.ts";
import type { Outcome } from "../harness/process-io.ts";

const shared = sharedGuest();
let count = 0;
const nextId = (): string => `process-${++count}`;

async function run(
  args: readonly string[],
  changes: Parameters<typeof specContainer>[2] = {},
): Promise<Outcome> {
  return runContainer(shared.agent, shared.guest, specContainer(nextId(), args, changes));
}

async function sh(script: string, changes: Parameters<typeof specContainer>[2] = {}): Promise<Outcome> {
  return run(["sh", "-c", script], changes);
}

const text = (bytes: Buffer): string => bytes.toString().trim();

test("a program's exit code and output arrive, stderr apart from stdout", async () => {
  const { exitCode, signal, stdout, stderr } = await sh("echo out; echo err >&2; exit 42");
  expect([exitCode, signal, text(stdout), text(stderr)]).toEqual([42, 0, "out", "err"]);
});

test("death by a signal is told as such", async () => {
  const { exitCode, signal } = await sh("sh -c 'kill -TERM $$'; exit $?");
  expect([exitCode, signal]).toEqual([143, 0]);
  const request = specContainer(nextId(), ["sleep", "1000"]);
  const started = runContainer(shared.agent, shared.guest, request);
  await expect.poll(async () => pidsOf(request.containerId), { timeout: 60_000 }).toBe(1);
  await expect
    .poll(async () =>
      shared.agent.containers.kill({ containerId: request.containerId, signal: 9 }).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  expect((await started).signal).toBe(9);
});

async function pidsOf(containerId: string): Promise<number> {
  const answer = shared.agent.containers.listProcesses({ containerId });
  return answer.then(
    ({ processes }) => processes.length,
    () => 0,
  );
}

test("4 MiB through stdin come back unchanged", async () => {
  const sent = randomBytes(4 << 20);
  const outcome = await runContainer(shared.agent, shared.guest, specContainer(nextId(), ["cat"]), {
    input: sent,
  });
  const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  expect(outcome.exitCode).toBe(0);
  expect(digest(outcome.stdout)).toBe(digest(sent));
});

test("user, groups, umask, working directory and limits are as asked for", async () => {
  const script = "id -u; id -g; id -G; umask; pwd; ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj";
  const { stdout } = await sh(script, {
    uid: 1000,
    gid: 1001,
    additionalGids: [7, 8],
    umask: 0o77,
    cwd: "/tmp",
    rlimits: [{ type: "RLIMIT_NOFILE", soft: 100, hard: 200 }],
    oomScoreAdj: 123,
  });
  expect(text(stdout).split("\n")).toEqual(["1000", "1001", "1001 7 8", "0077", "/tmp", "100", "200", "123"]);
});

test("HOME comes from passwd, and is / for an unknown user", async () => {
  expect(text((await sh("echo $HOME")).stdout)).toBe("/root");
  expect(text((await sh("echo $HOME", { uid: 4321 })).stdout)).toBe("/");
  expect(text((await sh("echo $HOME", { env: ["PATH=/bin", "HOME=/x"] })).stdout)).toBe("/x");
  const noMoreFiles = [{ type: "RLIMIT_NOFILE", soft: 3, hard: 3 }];
  expect(text((await sh("echo $HOME", { rlimits: noMoreFiles })).stdout)).toBe("/root");
});

test("a missing working directory is made", async () => {
  const { exitCode, stdout } = await sh("pwd", { cwd: "/made/for/this" });
  expect([exitCode, text(stdout)]).toEqual([0, "/made/for/this"]);
});

test("a program that cannot be executed fails the creation, in the words that callers match", async () => {
  await expect(run(["nosuch"])).rejects.toThrow(/exec: "nosuch": executable file not found in \$PATH$/);
  await expect(run(["/no/such"])).rejects.toThrow(
    /exec: "\/no\/such": stat \/no\/such: no such file or directory$/,
  );
  await expect(run(["/etc/passwd"])).rejects.toThrow(/exec: "\/etc\/passwd": permission denied$/);
  await expect(run(["/etc"])).rejects.toThrow(/exec: "\/etc": is a directory$/);
});

test("a container that failed leaves its name free", async () => {
  const id = nextId();
  await expect(runContainer(shared.agent, shared.guest, specContainer(id, ["nosuch"]))).rejects.toThrow();
  expect((await runContainer(shared.agent, shared.guest, specContainer(id, ["true"]))).exitCode).toBe(0);
});

test("a container is created once, started once, and gone after delete", async () => {
  const { agent, guest } = shared;
  const id = nextId();
  await sendRootfs(agent, guest, id);
  const { pid } = await agent.containers.create(specContainer(id, ["sleep", "1000"]));
  expect(pid).toBeGreaterThan(1);
  await expect(agent.containers.create(specContainer(id, ["true"]))).rejects.toMatchObject({
    code: "already-exists",
  });
  await agent.containers.start({ containerId: id });
  await expect(agent.containers.start({ containerId: id })).rejects.toMatchObject({ code: "invalid-state" });
  const { processes } = await agent.containers.listProcesses({ containerId: id });
  expect(processes).toMatchObject([{ pid: 1, parentPid: 0, uid: 0, tty: "?", command: "sleep 1000" }]);
  await agent.containers.kill({ containerId: id, signal: 9 });
  await expect
    .poll(async () => agent.containers.kill({ containerId: id, signal: 15 }).then(() => "", String))
    .toMatch(/container not running/);
  await agent.containers.delete({ containerId: id });
  await expect(agent.containers.kill({ containerId: id, signal: 9 })).rejects.toThrow(/does not exist/);
});

test("ids that the kernel does not map are an error, and nothing is left that waits for them", async () => {
  const request = specContainer(nextId(), ["true"]);
  const overlapping = [
    { inside: 0, outside: 0, count: 5 },
    { inside: 3, outside: 100, count: 5 },
  ];
  const mapped = {
    ...request,
    namespaces: [...request.namespaces, Namespace.USER],
    uidMappings: overlapping,
    gidMappings: overlapping,
  };
  await sendRootfs(shared.agent, shared.guest, request.containerId, {});
  await expect(shared.agent.containers.create(mapped)).rejects.toThrow("map user ids: EINVAL");
  expect((await runUnpacked(shared.agent, shared.guest, request)).exitCode).toBe(0);
});
