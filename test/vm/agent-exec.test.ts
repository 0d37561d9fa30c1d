import { beforeAll, expect, test } from "vitest";
import { sharedGuest } from "../harness/agent-guest.ts";
import { runExec, sendRootfs, specContainer, specProcess } from "../harness/container.ts";
import { type Outcome, ProcessConnection } from "../harness/process-io.ts";

const parallelExecs = 20;
const shared = sharedGuest();
const container = "exec";
let count = 0;

beforeAll(async () => {
  await sendRootfs(shared.agent, shared.guest, container);
  await shared.agent.containers.create(specContainer(container, ["sleep", "100000"]));
  await shared.agent.containers.start({ containerId: container });
});

async function exec(
  args: readonly string[],
  changes: Parameters<typeof specProcess>[1] = {},
): Promise<Outcome> {
  const names = { container, process: `exec-${++count}` };
  return runExec(shared.agent, shared.guest, names, specProcess(args, changes));
}

test("an exec sees the container and gives its exit code", async () => {
  const { exitCode, stdout } = await exec([
    "sh",
    "-c",
    "hostname; cat /proc/1/cmdline; cat /proc/self/cgroup; exit 7",
  ]);
  expect(exitCode).toBe(7);
  expect(stdout.toString()).toBe("runv\nsleep\u0000100000\u00000::/\n");
});

test("execs run in parallel", async () => {
  const runs = Array.from({ length: parallelExecs }, async (_, index) =>
    exec(["sh", "-c", `echo ${index}; exit ${index}`]),
  );
  const outcomes = await Promise.all(runs);
  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(runs.map((_, index) => index));
  expect(outcomes.map(({ stdout }) => Number(stdout))).toEqual(runs.map((_, index) => index));
});

test("an exec can be another user elsewhere", async () => {
  const { stdout } = await exec(["sh", "-c", "id -u; pwd; echo $HOME"], {
    uid: 65534,
    gid: 65534,
    cwd: "/tmp",
  });
  expect(stdout.toString()).toBe("65534\n/tmp\n/\n");
});

test("what cannot be executed, or entered, fails the creation", async () => {
  await expect(exec(["nosuch"])).rejects.toThrow(/executable file not found in \$PATH/);
  await expect(exec(["true"], { cwd: "/nowhere" })).rejects.toThrow(
    /chdir to cwd.*no such file or directory/,
  );
});

test("a terminal has its size, follows a resize and interrupts", async () => {
  const names = { container, process: `exec-${++count}` };
  const connection = await ProcessConnection.open(shared.guest, names);
  const process = specProcess(["sh"], { terminal: true, rows: 24, columns: 80 });
  await shared.agent.processes.create({ containerId: container, processId: names.process, process });
  await shared.agent.processes.start({ containerId: container, processId: names.process });
  await connection.welcome;
  await connection.write(Buffer.from("stty size\n"));
  await connection.outputHas("24 80");
  connection.resize({ rows: 50, columns: 132 });
  await connection.write(Buffer.from("stty size\n"));
  await connection.outputHas("50 132");
  // What is typed is echoed before it runs: only the program itself joins the two halves.
  await connection.write(Buffer.from("sh -c 'echo run\"\"ning; exec sleep 1000'\n"));
  await connection.outputHas("running");
  await connection.write(Buffer.from("\u0003"));
  await connection.write(Buffer.from("tty; exit 5\n"));
  const outcome = await connection.outcome;
  expect(outcome.exitCode).toBe(5);
  expect(outcome.stdout.toString()).toMatch(/\/dev\/pts\/\d/);
});

test("a broken connection kills the process", async () => {
  const names = { container, process: `exec-${++count}` };
  const connection = await ProcessConnection.open(shared.guest, names);
  const process = specProcess(["sleep", "4242"]);
  await shared.agent.processes.create({ containerId: container, processId: names.process, process });
  await shared.agent.processes.start({ containerId: container, processId: names.process });
  await connection.welcome;
  const running = async (): Promise<boolean> =>
    (await shared.agent.containers.listProcesses({ containerId: container })).processes.some(
      ({ command }) => command === "sleep 4242",
    );
  expect(await running()).toBe(true);
  connection.close();
  await expect.poll(running, { timeout: 30_000 }).toBe(false);
});

test("a signal reaches the process", async () => {
  const names = { container, process: `exec-${++count}` };
  const connection = await ProcessConnection.open(shared.guest, names);
  const process = specProcess(["sleep", "1000"]);
  await shared.agent.processes.create({ containerId: container, processId: names.process, process });
  await shared.agent.processes.start({ containerId: container, processId: names.process });
  await connection.welcome;
  connection.signal(15);
  expect((await connection.outcome).signal).toBe(15);
});

test("a background process does not hold up the exit", async () => {
  const { exitCode, stdout } = await exec(["sh", "-c", "sleep 1000 & echo done"]);
  expect([exitCode, stdout.toString()]).toEqual([0, "done\n"]);
});
