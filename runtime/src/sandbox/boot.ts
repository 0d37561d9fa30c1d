import { closeSync } from "node:fs";
import { join } from "node:path";
import { type ConfigureResponse, protocolVersion, type Scratch } from "@runv/protocol";
import { errorMessage, isRunvError, RunvError } from "@runv/protocol/errors";
import type { Agent } from "../agent-client/agent.ts";
import type { HypervisorName } from "../config/choices.ts";
import type { LaunchedVm, VmSpec } from "../hypervisor/hypervisor.ts";
import { vmFiles } from "../hypervisor/hypervisor.ts";
import { hypervisors } from "../hypervisor/registry.ts";
import type { CgroupVersion } from "../shared/cgroup-version.ts";
import type { Disk } from "../shared/disk.ts";
import type { HostNeed } from "../shared/host-need.ts";
import type { Releases } from "../shared/releases.ts";
import { createScratchDisk, type ScratchOptions } from "../storage/scratch.ts";
import type { MachinePlan } from "./machine-plan.ts";
import { type StoragePlan, shareRequest } from "./storage-plan.ts";

export interface BootOptions {
  /** The VM's directory, made by the caller. */
  readonly directory: string;
  readonly hypervisor: HypervisorName;
  readonly machine: Pick<VmSpec, "accel" | "machine" | "carrier" | "programs" | "hypervisorParameters">;
  readonly plan: MachinePlan;
  readonly storage: Pick<StoragePlan, "scratch" | "disks" | "share">;
  readonly cgroupVersion: CgroupVersion;
  /** From the launch to the agent's first answer. */
  readonly bootTimeoutMs: number;
  readonly cgroups: readonly string[];
  /** Of the VMM and its helpers. */
  readonly oomScoreAdj: number;
  readonly rollback: { readonly trees: readonly string[]; readonly cgroups: readonly string[] };
  /** The VM ends when the init process has. */
  readonly powerOffWithInit: boolean;
  /** Told when the VMM runs. */
  readonly onLaunched: (saved: LaunchedVm["saved"]) => Promise<void>;
  readonly signal: AbortSignal;
}

/** From the silence of a guest to the word of its monitor, when both come from the same end. */
const endNoticeTimeoutMs = 500;
/** What calls fail with when their other end is gone. */
const silentCodes: readonly string[] = ["timeout", "unavailable", "agent"];

/** How much the guest's clock may be behind the host's when its container starts. */
const clockToleranceMs = 500;

/** What such a machine takes of the host. */
export function hostNeedOf(
  options: Pick<BootOptions, "hypervisor" | "machine" | "plan" | "storage">,
): HostNeed {
  const { hypervisor, machine, plan, storage } = options;
  return hypervisors[hypervisor].hostNeed({ ...plan, accel: machine.accel, share: storage.share });
}

/** A VM whose agent answered. */
export interface Sandbox {
  readonly vm: LaunchedVm;
  readonly agent: Agent;
  readonly guest: ConfigureResponse;
}

/**
 * Boots a VM and introduces host and agent to each other. What is acquired is registered with `releases`.
 * @throws RunvError; when the guest does not come up it names the accelerator and quotes the guest's console.
 */
export async function bootSandbox(options: BootOptions, releases: Releases): Promise<Sandbox> {
  const disks = [...options.storage.disks];
  const vm = await launch(options, disks).finally(() => {
    for (const disk of disks) closeSync(disk.descriptor);
  });
  releases.add("virtual machine", async () => vm.kill());
  await note(vm, options);
  const { connectAgent } = await import("../agent-client/agent.ts");
  const agent = connectAgent(join(options.directory, vmFiles.agentSocket), options.signal);
  releases.add("agent connection", () => {
    agent.close();
  });
  const guest = await introduce(agent, vm, options);
  return { vm, agent, guest };
}

/** The state of a VM that ends at once goes with it: then its end is what is told. */
async function note(vm: LaunchedVm, options: BootOptions): Promise<void> {
  try {
    await options.onLaunched(vm.saved);
  } catch (cause) {
    const ended = await vm.endReason(endNoticeTimeoutMs);
    throw ended === null ? cause : await bootFailure(vm, "unavailable", endedSentence(ended), cause);
  }
}

/** @param disks those of the plan; the scratch disk joins them, first, for whoever closes them */
async function launch(options: BootOptions, disks: Disk[]): Promise<LaunchedVm> {
  const { scratch, share } = options.storage;
  const { programs } = options.machine;
  if (scratch.kind === "ext4") {
    const disk = await createScratchDisk({ ...scratch, programs, signal: options.signal });
    disks.unshift({ ...disk, format: "raw", readonly: false });
  }
  return hypervisors[options.hypervisor].launch(
    {
      ...options.machine,
      ...options.plan,
      directory: options.directory,
      disks,
      share,
      oomScoreAdj: options.oomScoreAdj,
      cgroups: options.cgroups,
      rollback: options.rollback,
    },
    options.signal,
  );
}

async function introduce(agent: Agent, vm: LaunchedVm, options: BootOptions): Promise<ConfigureResponse> {
  const askedAtMs = performance.now();
  try {
    const guest = await agent.configure(
      {
        protocolVersion,
        hostTime: now(),
        scratch: scratchRequest(options.storage.scratch),
        share: shareRequest(options.storage.share),
        powerOffWithInit: options.powerOffWithInit,
        allowVsock: false,
        cgroupVersion: options.cgroupVersion === "v1" ? 1 : 2,
      },
      options.bootTimeoutMs,
    );
    if (guest.protocolVersion !== protocolVersion) throw versionMismatch(guest);
    // The request waited for the guest to boot, and the time in it became old.
    if (performance.now() - askedAtMs > clockToleranceMs) await agent.setClock(now());
    return guest;
  } catch (cause) {
    throw await bootError(cause, vm, options.bootTimeoutMs);
  }
}

function now(): { seconds: number; nanos: number } {
  const milliseconds = Date.now();
  return { seconds: Math.floor(milliseconds / 1000), nanos: (milliseconds % 1000) * 1_000_000 };
}

function scratchRequest(scratch: ScratchOptions): Scratch {
  if (scratch.kind === "tmpfs")
    return { kind: { $case: "tmpfs", value: { sizeBytes: scratch.sizeMib * 1_048_576 } } };
  return { kind: { $case: "block", value: { device: "/dev/vda", filesystem: "ext4" } } };
}

function versionMismatch(guest: ConfigureResponse): RunvError {
  return new RunvError(
    "version-mismatch",
    `agent: speaks protocol ${guest.protocolVersion} (agent ${guest.agentVersion}), this runv speaks ${protocolVersion}: rebuild the guest's initramfs with this runv`,
  );
}

async function silence(cause: RunvError, vm: LaunchedVm, bootTimeoutMs: number): Promise<string> {
  const ended = await vm.endReason(endNoticeTimeoutMs);
  if (ended !== null) return endedSentence(ended);
  if (cause.code === "timeout") return `the guest's agent did not answer within ${bootTimeoutMs / 1000} s`;
  return `the guest's agent cannot be reached: ${cause.message}`;
}

/** Without its VM whatever is under way fails in some way; the reason is what happened to the VM. */
export async function explainFailure(error: unknown, vm: LaunchedVm): Promise<unknown> {
  if (isRunvError(error, "cancelled")) return error;
  const isSilence = isRunvError(error) && silentCodes.includes(error.code);
  const ended = await vm.endReason(isSilence ? endNoticeTimeoutMs : 0);
  if (ended === null) return error;
  return new RunvError("hypervisor", `the virtual machine has ended: ${ended}`, { cause: error });
}

/** An error of the agent's stays as it is; silence is explained by what the VM and its console tell. */
async function bootError(cause: unknown, vm: LaunchedVm, bootTimeoutMs: number): Promise<unknown> {
  if (!isRunvError(cause) || !silentCodes.includes(cause.code)) return cause;
  return bootFailure(vm, cause.code, await silence(cause, vm, bootTimeoutMs), cause);
}

function endedSentence(reason: string): string {
  return `the virtual machine ended before its agent answered: ${reason}`;
}

async function bootFailure(
  vm: LaunchedVm,
  code: RunvError["code"],
  what: string,
  cause: unknown,
): Promise<RunvError> {
  const console = vm.consoleTail();
  const quoted =
    console === "" ? "the guest's console is empty" : `the guest's console ends with:\n${console}`;
  const { accel, carrier } = vm.description;
  const parts = `machine ${vm.machine}, accelerator ${accel}, carrier ${carrier}`;
  // Whatever is found out about it, the failure is told.
  const doubts = await vm.doubts().catch((error: unknown) => [errorMessage(error)]);
  const reasons = [what, ...doubts, quoted].join("; ");
  return new RunvError(code, `virtual machine: boot failed (${parts}): ${reasons}`, { cause });
}
