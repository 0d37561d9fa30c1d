import { join } from "node:path";
import type { Agent } from "../agent-client/agent.ts";
import { type Vm, vmFiles } from "../hypervisor/hypervisor.ts";
import { endVmOf } from "../hypervisor/monitored-vm.ts";
import { attachVm } from "../hypervisor/registry.ts";

/** A sandbox that an earlier verb booted, as the state on disk describes it. */
export interface SandboxReference {
  readonly vmDirectory: string;
  /** What the hypervisor's driver saved; null when the VM was never launched. */
  readonly vm: unknown;
}

/** Ends the VM with all that belongs to it, and returns when nothing of it runs. */
export async function killSandbox(sandbox: SandboxReference): Promise<void> {
  await vmOf(sandbox)?.kill();
}

/** Ends the VM of whose description nothing is left but its directory. @returns the cgroup directories that it was in */
export async function killLostSandbox(vmDirectory: string): Promise<readonly string[]> {
  return endVmOf(vmDirectory);
}

/** Waits for the end of the VM. @returns why it ended, empty after an ordinary end; null when it still runs after `timeoutMs` */
export async function sandboxEnd(sandbox: SandboxReference, timeoutMs: number): Promise<string | null> {
  return (await vmOf(sandbox)?.waitExit(timeoutMs)) ?? null;
}

/** Runs `work` with a connection to the agent. @throws RunvError "unavailable" or "timeout" when it does not answer. */
export async function withAgent<T>(
  sandbox: SandboxReference,
  signal: AbortSignal,
  work: (agent: Agent) => Promise<T>,
): Promise<T> {
  const { connectAgent } = await import("../agent-client/agent.ts");
  const agent = connectAgent(join(sandbox.vmDirectory, vmFiles.agentSocket), signal);
  try {
    return await work(agent);
  } finally {
    agent.close();
  }
}

/** The socket behind which the guest's ports are. */
export function vsockSocketOf(vmDirectory: string): string {
  return join(vmDirectory, vmFiles.vsockSocket);
}

function vmOf(sandbox: SandboxReference): Vm | null {
  return sandbox.vm === null ? null : attachVm(sandbox.vm);
}
