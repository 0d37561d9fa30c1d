import { controlPort } from "@runv/protocol";
import { expect, test } from "vitest";
import { type AgentClient, connectAgent } from "../harness/agent-client.ts";
import { configure } from "../harness/agent-guest.ts";
import { runContainer, specContainer } from "../harness/container.ts";
import { bootGuest, type Guest } from "../harness/guest.ts";

/** VMADDR_CID_HYPERVISOR, _LOCAL, _HOST, the two guests', one that nobody has, VMADDR_CID_ANY. */
const [ownCid, otherCid] = [3, 4];
const everybody = ["0", "1", "2", String(ownCid), String(otherCid), "5", "0xffffffff"];
const triesEach = 6;

async function scan(guest: Guest, agent: AgentClient, id: string): Promise<string> {
  const contents = { programs: ["vsock-scan"] };
  const request = specContainer(id, ["vsock-scan", ...everybody]);
  return (await runContainer(agent, guest, request, { contents })).stdout.toString();
}

test("from a guest no other guest, no host and no agent is reached by vsock, even where the host allows it", async () => {
  const guests = await Promise.all([ownCid, otherCid].map(async (cid) => bootGuest({ cid })));
  try {
    const agents = await Promise.all(guests.map(connectAgent));
    const [own, other] = guests;
    const [agent, otherAgent] = agents;
    if (own === undefined || other === undefined || agent === undefined || otherAgent === undefined)
      throw new Error("two guests were asked for");
    const tried = `tried ${everybody.length * triesEach}\n`;
    await configure(agent, { allowVsock: true });
    await configure(otherAgent);
    expect(await scan(own, agent, "alone")).toBe(`vsock allowed\n${tried}`);
    expect(await scan(other, otherAgent, "refused")).toBe(`vsock refused\n${tried}`);
    const offer = await own.offer(controlPort);
    expect(await scan(own, agent, "offered")).toBe(`vsock allowed\nreached 2 ${controlPort}\n${tried}`);
    offer.close();
    for (const each of agents) {
      expect((await each.health.check({})).threads).toBeGreaterThan(0);
      each.close();
    }
  } finally {
    await Promise.all(guests.map(async (guest) => guest.stop()));
  }
});
