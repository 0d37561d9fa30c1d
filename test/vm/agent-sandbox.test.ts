import { protocolVersion } from "@runv/protocol";
import { expect, test } from "vitest";
import { type AgentClient, connectAgent } from "../harness/agent-client.ts";
import { configure } from "../harness/agent-guest.ts";
import { runContainer, sendRootfs, specContainer } from "../harness/container.ts";
import { bootGuest, type Guest } from "../harness/guest.ts";
import { ProcessConnection } from "../harness/process-io.ts";

async function withGuest(body: (guest: Guest, agent: AgentClient) => Promise<void>): Promise<void> {
  const guest = await bootGuest();
  try {
    const agent = await connectAgent(guest);
    await body(guest, agent);
    agent.close();
  } finally {
    await guest.stop();
  }
}

test("the guest is configured once, by a host of its own version", async () =>
  withGuest(async (guest, agent) => {
    expect(await agent.health.check({})).toMatchObject({ protocolVersion });
    await expect(agent.containers.create(specContainer("early", ["true"]))).rejects.toMatchObject({
      code: "invalid-state",
    });
    await expect(agent.sandbox.configure({ protocolVersion: 4711 })).rejects.toMatchObject({
      code: "version-mismatch",
    });
    await expect(agent.sandbox.configure({ protocolVersion })).rejects.toMatchObject({
      code: "invalid-argument",
    });
    await configure(agent);
    await expect(configure(agent)).rejects.toMatchObject({ code: "invalid-state" });
    const { exitCode, stdout } = await runContainer(agent, guest, specContainer("clock", ["date", "+%s"]));
    expect(exitCode).toBe(0);
    expect(Math.abs(Number(stdout) - Date.now() / 1000)).toBeLessThan(60);
  }));

test("a guest for one container ends with it, after its last output", async () =>
  withGuest(async (guest, agent) => {
    await configure(agent, { powerOffWithInit: true });
    await sendRootfs(agent, guest, "only");
    await agent.containers.create(specContainer("only", ["sh", "-c", "seq 100000; exit 3"]));
    const connection = await ProcessConnection.open(guest, { container: "only", process: "" });
    await connection.welcome;
    await agent.containers.start({ containerId: "only" });
    const { exitCode, stdout } = await connection.outcome;
    expect(exitCode).toBe(3);
    expect(stdout.toString().endsWith("99999\n100000\n")).toBe(true);
    await guest.ended;
  }));

test("shutdown is answered, and ends the guest", async () =>
  withGuest(async (guest, agent) => {
    await configure(agent, { powerOffWithInit: true });
    await sendRootfs(agent, guest, "running");
    await agent.containers.create(specContainer("running", ["sleep", "1000"]));
    await agent.containers.start({ containerId: "running" });
    await agent.sandbox.shutdown({});
    await guest.ended;
  }));
