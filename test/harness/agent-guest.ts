import { type ConfigureRequest, protocolVersion } from "@runv/protocol";
import { afterAll, beforeAll } from "vitest";
import { type AgentClient, connectAgent } from "./agent-client.ts";
import { bootGuest, type Guest } from "./guest.ts";

/** A guest with a connected, configured agent, shared by the tests of one file; use it inside tests only. */
export interface SharedGuest {
  readonly guest: Guest;
  readonly agent: AgentClient;
}

type ConfigureChanges = Partial<Pick<ConfigureRequest, "powerOffWithInit" | "allowVsock" | "cgroupVersion">>;

/** Boots a guest before the tests of this file and ends it after them; its console is printed when something failed to come up. */
export function sharedGuest(changes: ConfigureChanges = {}): SharedGuest {
  const shared: { guest?: Guest; agent?: AgentClient } = {};
  beforeAll(async () => {
    shared.guest = await bootGuest();
    shared.agent = await connectAgent(shared.guest);
    await configure(shared.agent, changes);
  });
  afterAll(async () => {
    shared.agent?.close();
    await shared.guest?.stop();
  });
  return {
    get guest() {
      return present(shared.guest);
    },
    get agent() {
      return present(shared.agent);
    },
  };
}

/** The scratch on guest memory, the clock from the host. */
export async function configure(agent: AgentClient, changes: ConfigureChanges = {}): Promise<void> {
  await agent.sandbox.configure({
    protocolVersion,
    hostTime: { seconds: Math.floor(Date.now() / 1000), nanos: 0 },
    scratch: { kind: { $case: "tmpfs", value: { sizeBytes: 0 } } },
    ...changes,
  });
}

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("the guest did not come up");
  return value;
}
