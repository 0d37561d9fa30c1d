import { protocolVersion } from "@runv/protocol";
import { expect, test } from "vitest";
import { sharedGuest } from "../harness/agent-guest.ts";
import { everyCapability, sendRootfs, specContainer } from "../harness/container.ts";
import { ProcessConnection } from "../harness/process-io.ts";

const shared = sharedGuest();
const container = "stuck";
const fuseDevice = { allow: true, type: "c", major: 10, minor: 229, access: "rwm" };

test("a process whose memory cannot be read hangs neither the agent nor the list of processes", async () => {
  const { agent, guest } = shared;
  await sendRootfs(agent, guest, container, { programs: ["stuck-memory"] });
  const request = specContainer(container, ["stuck-memory"], everyCapability);
  const { deviceRules } = request;
  const init = await ProcessConnection.open(guest, { container, process: "" });
  await agent.containers.create({ ...request, deviceRules: [...deviceRules, fuseDevice] });
  await init.welcome;
  await agent.containers.start({ containerId: container });
  await init.outputHas("stuck\n");

  const listed = agent.containers.listProcesses({ containerId: container });
  expect((await agent.health.check({})).protocolVersion).toBe(protocolVersion);
  const { processes } = await listed;
  // Names in brackets: the arguments of the first cannot be had, and nobody waits for those after it.
  expect(processes.map(({ command }) => command).sort()).toEqual(["[stuck-memory]", "[stuck-memory]"]);

  await agent.containers.delete({ containerId: container });
  expect((await agent.health.check({})).protocolVersion).toBe(protocolVersion);
});
