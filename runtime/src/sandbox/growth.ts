import { availableParallelism } from "node:os";
import type { MakeRoomResponse, Resources } from "@runv/protocol";
import type { Agent } from "../agent-client/agent.ts";
import { canLimitMemory } from "../cgroups/apply-limits.ts";
import type { MachineNeed } from "../cgroups/host-limits.ts";
import { attachVm } from "../hypervisor/registry.ts";
import type { HostNeed } from "../shared/host-need.ts";
import { hostMemoryMib } from "./host-memory.ts";
import type { MachinePlan } from "./machine-plan.ts";

/** The plan without spare memory where the host could not keep the guest from it. */
export function fencedPlan(plan: MachinePlan, cgroups: readonly string[]): MachinePlan {
  return canLimitMemory(cgroups) ? plan : { ...plan, spare: { ...plan.spare, memoryMib: 0 } };
}

/** A machine of this container that runs. */
export interface GrowingMachine {
  readonly id: string;
  /** What the hypervisor's driver saved. */
  readonly vm: unknown;
}

/** Gives the guest what it lacks for limits that are to be asked for next. @throws RunvError "unsupported" that names the field when there is not as much */
export async function makeRoom(
  { id, vm }: GrowingMachine,
  resources: Resources,
  agent: Agent,
): Promise<MakeRoomResponse> {
  return agent.makeRoom({
    containerId: id,
    resources,
    spareMemory: [...attachVm(vm).saved.spare.memory],
    enoughProcessors: availableParallelism(),
    enoughMemoryMib: hostMemoryMib(),
  });
}

/** @param addedMemoryMib as the guest tells it: no more than there is counts */
export function presentNeed(need: HostNeed, vm: unknown, addedMemoryMib: number): MachineNeed {
  const { memory } = attachVm(vm).saved.spare;
  const spareMib = memory.reduce((sum, { sizeMib }) => sum + sizeMib, 0);
  const addedBytes = Math.min(addedMemoryMib, spareMib) * need.bytesPerAddedMib;
  return { memoryBytes: need.memoryBytes + addedBytes, tasks: need.tasks, isFenced: spareMib > 0 };
}
