import { beforeAll, expect, test } from "vitest";
import { sharedGuest } from "../harness/agent-guest.ts";
import { runExec, sendRootfs, specContainer, specProcess } from "../harness/container.ts";
import { ProcessConnection } from "../harness/process-io.ts";
import { caseCount } from "../harness/sample.ts";

/** Of every 10: 6 plain, one with a terminal, one that cannot be executed, one whose connection breaks, one that is fetched late. */
const kinds = 10;
const atOnce = 10;
const execs = caseCount({ sample: 200, full: 2_000 });
/** Until the heap has its size: measured after every 100, 3.2 and 3.5 MB, and from 300 to 1,600 between 3.77 and 3.95 MB. */
const warmUpExecs = 300;
const perExecMs = 2_000;
/** The kernel's own threads come and go; a heap grows until its collector runs. */
const threadSlack = 12;
const residentSlackBytes = 512 * 1024;

const shared = sharedGuest();
const container = "leaks";
let count = 0;

beforeAll(async () => {
  await sendRootfs(shared.agent, shared.guest, container);
  await shared.agent.containers.create(specContainer(container, ["sleep", "100000"]));
  await shared.agent.containers.start({ containerId: container });
});

async function run(number: number): Promise<void> {
  const { agent, guest } = shared;
  const names = { container, process: `exec-${number}` };
  const ids = { containerId: container, processId: names.process };
  switch (number % kinds) {
    case 0:
      await runExec(
        agent,
        guest,
        names,
        specProcess(["stty", "size"], { terminal: true, rows: 9, columns: 9 }),
      );
      return;
    case 1:
      await expect(runExec(agent, guest, names, specProcess(["nosuch"]))).rejects.toThrow(/not found/);
      return;
    case 2: {
      const connection = await ProcessConnection.open(guest, names);
      await agent.processes.create({ ...ids, process: specProcess(["sleep", "1000"]) });
      await connection.welcome;
      await agent.processes.start(ids);
      connection.close();
      return;
    }
    case 3:
      await agent.processes.create({ ...ids, process: specProcess(["true"]) });
      await agent.processes.start(ids);
      await runWithoutStart(names);
      return;
    default: {
      const { stdout } = await runExec(agent, guest, names, specProcess(["echo", String(number)]));
      expect(stdout.toString()).toBe(`${number}\n`);
    }
  }
}

/** Whoever comes after the end is told of it. */
async function runWithoutStart(names: {
  readonly container: string;
  readonly process: string;
}): Promise<void> {
  const connection = await ProcessConnection.open(shared.guest, names);
  expect((await connection.outcome).exitCode).toBe(0);
}

async function runMany(total: number): Promise<void> {
  for (let begun = 0; begun < total; begun += atOnce)
    await Promise.all(Array.from({ length: atOnce }, async () => run(count++)));
}

async function settled(): Promise<Awaited<ReturnType<typeof shared.agent.health.check>>> {
  const alone = async (): Promise<number> =>
    (await shared.agent.containers.listProcesses({ containerId: container })).processes.length;
  await expect.poll(alone).toBe(1);
  return shared.agent.health.check({});
}

test(
  `${execs} execs leave no descriptor, no process and no memory in the agent`,
  async () => {
    await runMany(warmUpExecs);
    const before = await settled();
    expect(before.residentBytes).toBeGreaterThan(0);
    expect(before.threads).toBeGreaterThan(1);
    await runMany(execs);
    await expect.poll(async () => (await settled()).openDescriptors).toBe(before.openDescriptors);
    const after = await settled();
    expect(after.threads).toBeLessThan(before.threads + threadSlack);
    expect(after.residentBytes).toBeLessThan(before.residentBytes + residentSlackBytes);
  },
  (warmUpExecs + execs) * perExecMs,
);
