import { beforeAll, expect, test } from "vitest";
import { sharedGuest } from "../harness/agent-guest.ts";
import { everyCapability, runExec, sendRootfs, specContainer, specProcess } from "../harness/container.ts";

const shared = sharedGuest();
const container = "devices";

beforeAll(async () => {
  const { agent, guest } = shared;
  await sendRootfs(agent, guest, container, { programs: ["device-attack"] });
  await agent.containers.create(specContainer(container, ["sleep", "100000"], everyCapability));
  await agent.containers.start({ containerId: container });
});

test("root with every capability neither takes its device program off nor puts another in its place", async () => {
  const script =
    "mkdir /dev/cg && mount -t cgroup2 x /dev/cg && mknod /dev/port c 4 64 && device-attack /dev/cg /dev/port";
  const process = specProcess(["sh", "-c", script], everyCapability);
  const { exitCode, stdout, stderr } = await runExec(
    shared.agent,
    shared.guest,
    { container, process: "attack" },
    process,
  );
  expect(stdout.toString() + stderr.toString()).toBe(
    "cgroups by handle 0\nprograms detached 0\nprograms attached 1\ndevice opened 0\n",
  );
  expect(exitCode).toBe(0);
});
