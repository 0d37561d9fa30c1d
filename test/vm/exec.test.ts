import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { processSpec } from "../harness/bundle.ts";
import { hostProcess, statusOf } from "../harness/host-processes.ts";
import { eventually, leavesNothing, useRunv } from "../harness/leftovers.ts";
import { caseCount } from "../harness/sample.ts";
import { piecesOf } from "../harness/vm-pieces.ts";

const parallelExecs = 20;
const rounds = caseCount({ sample: 1, full: 5 });
const leakExecs = caseCount({ sample: 40, full: 2_000 });
const leakAtOnce = 10;
const perExecMs = 5_000;
const residentSlackKib = 512;

const runv = useRunv();
let container = "";

test("a container for the other tests", async () => {
  container = await runv().running();
});

test(`${parallelExecs} at once, each with its own output and status`, async () => {
  for (let round = 0; round < rounds; round++) {
    const outcomes = await Promise.all(
      Array.from({ length: parallelExecs }, async (_, index) =>
        runv().run(["exec", container, "sh", "-c", `cat; echo ${index} >&2; exit ${index}`], {
          input: `in ${index}\n`,
        }),
      ),
    );
    expect(outcomes).toEqual(
      outcomes.map((_, index) => ({ status: index, stdout: `in ${index}\n`, stderr: `${index}\n` })),
    );
  }
});

test("another user, groups, directory and environment", async () => {
  const flags = ["--user", "1234:5678", "--additional-gids", "77", "--cwd", "/tmp", "--env", "A=b"];
  const script = "id -u; id -G; pwd; echo $A; echo $HOME";
  expect(await runv().ok(["exec", ...flags, container, "sh", "-c", script])).toBe(
    "1234\n5678 77\n/tmp\nb\n/\n",
  );
});

test("a process from a file", async () => {
  const file = path.join(runv().directory, "process.json");
  writeFileSync(
    file,
    JSON.stringify(
      processSpec({ args: ["sh", "-c", "id -u; pwd; exit 3"], user: { uid: 5, gid: 5 }, cwd: "/var" }),
    ),
  );
  expect(await runv().run(["exec", "--process", file, container])).toEqual({
    status: 3,
    stdout: "5\n/var\n",
    stderr: "",
  });
});

test("a detached process has a pid file, and stays when the verb has ended", async () => {
  const pidFile = path.join(runv().directory, "exec.pid");
  const outcome = await runv().detached(
    ["exec", "--detach", "--pid-file", pidFile, container, "sh", "-c", "echo detached; exec sleep 7777"],
    "exec",
  );
  expect(outcome).toMatchObject({ status: 0, stderr: "" });
  const pid = Number(readFileSync(pidFile, "utf8"));
  expect(hostProcess(pid)?.name).toBe("runv-proxy");
  await eventually(() => readFileSync(runv().output("exec"), "utf8"), "detached\n");
  const pids: unknown = JSON.parse(await runv().ok(["ps", "--format", "json", container]));
  expect(pids).toEqual(expect.arrayContaining([pid, await runv().pid(container)]));
  expect(await runv().ok(["ps", container])).toMatch(/^UID\s+PID\s+PPID.*\n(.*\n)*.*sleep 7777/);
  process.kill(pid, "SIGTERM");
  await eventually(() => hostProcess(pid), null);
  expect(await runv().ok(["ps", container])).not.toContain("sleep 7777");
});

test("what the host sends to the verb reaches the process", async () => {
  const script = "trap 'echo got; exit 5' USR1; echo up; while :; do sleep 0.1; done";
  const child = runv().start(["exec", container, "sh", "-c", script], ["ignore", "pipe", "ignore"]);
  let output = "";
  child.stdout?.on("data", (bytes: Buffer) => (output += bytes.toString()));
  await eventually(() => output, "up\n");
  child.kill("SIGUSR1");
  await eventually(() => [output, child.exitCode], ["up\ngot\n", 5]);
});

test.each([
  ["not in PATH", "no-such-command", "executable file not found in $PATH"],
  ["no such path", "/no/such/command", "no such file or directory"],
])("what cannot be executed is 255: %s", async (_what, command, message) => {
  const outcome = await runv().run(["exec", container, command]);
  expect([outcome.status, outcome.stderr]).toEqual([255, expect.stringContaining(message)]);
});

test("a process that a signal kills is 128 + its number", async () => {
  expect((await runv().run(["exec", container, "sh", "-c", "kill -TERM $$"])).status).toBe(128 + 15);
});

test(
  `${leakExecs} of them leave no descriptor, no process and no memory in the monitor`,
  async () => {
    const { monitor } = piecesOf(runv(), container);
    const held = () => ({
      descriptors: readdirSync(`/proc/${monitor.pid}/fd`).length,
      children: readFileSync(`/proc/${monitor.pid}/task/${monitor.pid}/children`, "utf8").trim().split(" ")
        .length,
      proxies: piecesOf(runv(), container).proxies.length,
    });
    const residentKib = (): number => Number.parseInt(statusOf(monitor.pid, "VmRSS"), 10);
    const execMany = async (count: number): Promise<void> => {
      for (let begun = 0; begun < count; begun += leakAtOnce)
        await Promise.all(
          Array.from({ length: leakAtOnce }, async () => runv().ok(["exec", container, "true"])),
        );
    };
    await execMany(leakAtOnce);
    await eventually(() => held().proxies, 1);
    const [before, beforeKib] = [held(), residentKib()];
    await execMany(leakExecs);
    await eventually(held, before);
    expect(residentKib()).toBeLessThan(beforeKib + residentSlackKib);
  },
  (leakAtOnce + leakExecs) * perExecMs,
);

leavesNothing(runv);
