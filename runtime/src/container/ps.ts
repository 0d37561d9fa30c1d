import type { ProcessInfo } from "@runv/protocol";
import { RunvError } from "@runv/protocol/errors";
import { withAgent } from "../sandbox/attached.ts";
import { messages } from "../shared/messages.ts";
import { isAlive } from "../shared/process-identity.ts";
import { loadContainer } from "../state/store.ts";
import type { Context } from "./context.ts";
import { containerStatus } from "./state.ts";

/** The host's pids of a container: its proxies. What `ps --format json` lists (callers.md: containerd's Pids). */
export function hostPids(id: string, context: Context): number[] {
  const record = loadContainer(context.root, id);
  const proxies = [record.init, ...record.execs.map((exec) => exec.proxy)];
  return proxies
    .filter((proxy) => proxy !== null)
    .filter(isAlive)
    .map((proxy) => proxy.pid);
}

/** The guest's processes of a container, pids as the container sees them. */
export async function guestProcesses(id: string, context: Context): Promise<readonly ProcessInfo[]> {
  const record = loadContainer(context.root, id);
  const status = containerStatus(record);
  if (status === "stopped" || status === "creating")
    throw new RunvError("invalid-state", messages.containerNotRunning);
  return withAgent(record, context.signal, async (agent) => (await agent.listProcesses(id)).processes);
}
