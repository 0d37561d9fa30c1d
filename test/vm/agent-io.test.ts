import { expect, test } from "vitest";
import { sharedGuest } from "../harness/agent-guest.ts";
import { runContainer, sendRootfs, specContainer } from "../harness/container.ts";
import { ProcessConnection } from "../harness/process-io.ts";

const shared = sharedGuest();

test("a process has one connection", async () => {
  const hello = { container: "one", process: "" };
  await sendRootfs(shared.agent, shared.guest, "one");
  await shared.agent.containers.create(specContainer("one", ["cat"]));
  const first = await ProcessConnection.open(shared.guest, hello);
  await first.welcome;
  const second = await ProcessConnection.open(shared.guest, hello);
  await expect(second.welcome).rejects.toThrow(/refused/);
  await shared.agent.containers.start({ containerId: "one" });
  first.endInput();
  expect((await first.outcome).exitCode).toBe(0);
});

test("what a process said before anybody listened is kept, and so is its exit", async () => {
  await sendRootfs(shared.agent, shared.guest, "late");
  await shared.agent.containers.create(specContainer("late", ["sh", "-c", "echo early; exit 9"]));
  await shared.agent.containers.start({ containerId: "late" });
  await expect
    .poll(async () => (await shared.agent.containers.listProcesses({ containerId: "late" })).processes.length)
    .toBe(0);
  const connection = await ProcessConnection.open(shared.guest, { container: "late", process: "" });
  const { exitCode, stdout } = await connection.outcome;
  expect([exitCode, stdout.toString()]).toEqual([9, "early\n"]);
});

test("the connection of a process that cannot be made is refused", async () => {
  await sendRootfs(shared.agent, shared.guest, "never");
  const connection = await ProcessConnection.open(shared.guest, { container: "never", process: "" });
  await expect(shared.agent.containers.create(specContainer("never", ["nosuch"]))).rejects.toThrow();
  await expect(connection.welcome).rejects.toThrow(/refused/);
});

test("the end of stdin reaches the process, and a closed stdout too", async () => {
  const request = specContainer("pipe", ["sh", "-c", "cat >/dev/null; exec yes"]);
  const id = request.containerId;
  await sendRootfs(shared.agent, shared.guest, id);
  await shared.agent.containers.create(request);
  const connection = await ProcessConnection.open(shared.guest, { container: id, process: "" });
  await connection.welcome;
  await shared.agent.containers.start({ containerId: id });
  connection.endInput();
  await connection.outputHas("y");
  connection.closeOutput(1);
  // busybox yes reports the failed write itself where SIGPIPE is ignored; here it dies of it, as on a host.
  const { exitCode, signal } = await connection.outcome;
  expect(exitCode !== 0 || signal === 13).toBe(true);
});

test("a container with a terminal has a console", async () => {
  const request = specContainer("console", ["sh", "-c", "tty; ls -l /dev/console; stty size"], {
    terminal: true,
    rows: 10,
    columns: 20,
  });
  const { exitCode, stdout } = await runContainer(shared.agent, shared.guest, request);
  expect(exitCode).toBe(0);
  expect(stdout.toString()).toMatch(/^\/dev\/pts\/0\r\ncrw.*136, +0.*\/dev\/console\r\n10 20\r\n$/);
});
