import type { ProcessIdentity } from "../../resident/contract/monitor.ts";
import type { Accel, CarrierChoice, MachineChoice } from "../config/choices.ts";
import type { Capability, Finding } from "../shared/capability.ts";
import type { Disk } from "../shared/disk.ts";
import type { HostNeed } from "../shared/host-need.ts";
import type { ProgramPaths } from "../shared/installation.ts";
import type { ShareDriver, VmShare } from "../shared/share.ts";

/** The interface that every VMM driver implements. What a driver cannot do is absent from it, not a stub that throws. */
export interface Hypervisor {
  readonly name: string;
  /** What this host has of what its virtual machines are made of: programs, accelerators, machine types, carriers. */
  probe(request: ProbeRequest): Promise<HypervisorSupport>;
  /** Why directories of this host cannot be shared that way, in words for the user; null when they can. */
  shareProblem(driver: ShareDriver, host: SharingHost): Promise<string | null>;
  /** What the program that shares directories that way is known to do to files, in words for the user; null when nothing. */
  shareFlaw(driver: ShareDriver, host: SharingHost): Promise<string | null>;
  /** What such a machine takes of the host: the bounds of an ordinary one, above which something is wrong with it. */
  hostNeed(spec: Pick<VmSpec, "memoryMib" | "vcpuCount" | "spare" | "accel" | "share">): HostNeed;
  /**
   * Starts a virtual machine under a monitor of its own and returns once the VMM runs; nothing is known yet of the guest.
   * @throws RunvError "unavailable" for what the host lacks, "hypervisor" for what failed. Nothing is left behind then.
   */
  launch(spec: VmSpec, signal: AbortSignal): Promise<LaunchedVm>;
  /** The VM that an earlier verb launched. @throws RunvError "internal" when `saved` is not this driver's. */
  attach(saved: unknown): Vm;
}

export interface SharingHost {
  readonly programs: ProgramPaths;
  readonly signal: AbortSignal;
}

/** What is configured, for a look at the host: is it there? */
export interface ProbeRequest {
  readonly accel: Accel;
  readonly machine: MachineChoice;
  readonly carrier: CarrierChoice;
  readonly programs: ProgramPaths;
  /** The guest's; null when there is none. */
  readonly vmlinux: string | null;
  readonly signal: AbortSignal;
}

export interface HypervisorSupport {
  readonly capabilities: readonly Capability[];
  /** One for each way to share directories. */
  readonly shares: readonly Finding[];
}

/** What a virtual machine is made of; the driver alone decides on devices and options. */
export interface VmSpec {
  /** Directory of the VM: absolute, short, mode 0700, exists. */
  readonly directory: string;
  readonly vcpuCount: number;
  readonly memoryMib: number;
  /** What the machine has besides, and its guest is told of only when it is to grow. */
  readonly spare: SpareSize;
  readonly accel: Accel;
  readonly machine: MachineChoice;
  readonly carrier: CarrierChoice;
  readonly programs: ProgramPaths;
  /** Added to the command line of the program, as whoever configures the host, or whom they allow, says. */
  readonly hypervisorParameters: readonly string[];
  readonly guest: GuestFiles;
  /** In the order in which the guest sees them (vda, vdb, …). */
  readonly disks: readonly Disk[];
  /** What the guest may reach of the host's files, with the tag `shareTag`; null: nothing. */
  readonly share: VmShare | null;
  /** Of the VMM and what belongs to it, proc(5): which of the host's processes goes first when memory runs out. */
  readonly oomScoreAdj: number;
  /** cgroup directories for the VMM and what belongs to it. */
  readonly cgroups: readonly string[];
  /** What the monitor removes if this process dies before `commit`. */
  readonly rollback: { readonly trees: readonly string[]; readonly cgroups: readonly string[] };
}

export interface SpareSize {
  readonly vcpuCount: number;
  readonly memoryMib: number;
}

/** A part of the guest's physical memory. */
export interface MemoryRange {
  readonly startMib: number;
  readonly sizeMib: number;
}

export interface GuestFiles {
  /** ELF with a PVH entry, or bzImage. */
  readonly vmlinux: string;
  /** What its file says of it. */
  readonly image: GuestKernel;
  readonly initramfs: string;
  /** Added to the driver's own kernel command line. */
  readonly kernelParameters: readonly string[];
}

export interface GuestKernel {
  /** As uname(2) tells it; empty: unknown. */
  readonly release: string;
  /** Takes virtio devices without a bus, by parameters of its command line; null: unknown. */
  readonly virtioMmio: boolean | null;
}

export interface Vm {
  /** Plain JSON that `attach` takes in a later process. */
  readonly saved: SavedVm;
  /** What carries the guest's ports, for people. */
  readonly description: { readonly accel: string; readonly carrier: string };
  /** Waits for the end of the VM. @returns why it ended, empty after an ordinary end; null when it still runs after `timeoutMs` */
  waitExit(timeoutMs: number): Promise<string | null>;
  /** Ends the VM and everything that belongs to it, and returns when nothing of it is left. Ended already is fine. */
  kill(): Promise<void>;
}

export interface LaunchedVm extends Vm {
  readonly machine: string;
  /** Sentences on what may be to blame for a guest that does not come up; looked into only then. */
  doubts(): Promise<readonly string[]>;
  /** The last lines of the guest's console, for error messages. */
  consoleTail(): string;
  /**
   * Why the VM has ended; null while it runs. One whose processes still run gets `noticeTimeoutMs` to tell that it is ending. Not
   * after the commit.
   */
  endReason(noticeTimeoutMs: number): Promise<string | null>;
  /** Sentences for the user on what could not be as asked. */
  readonly warnings: readonly string[];
  /** From here on the VM outlives this process. @throws RunvError when it has ended before. */
  commit(): Promise<void>;
}

export interface SavedVm {
  readonly driver: string;
  readonly directory: string;
  readonly monitor: ProcessIdentity;
  readonly vmm: ProcessIdentity;
  readonly helpers: readonly ProcessIdentity[];
  readonly accel: string;
  readonly carrier: string;
  readonly spare: SpareParts;
}

/** What a running machine has that its guest was not told of at its start. */
export interface SpareParts {
  /** Those that it started with and those to spare. */
  readonly mostVcpus: number;
  /** In the order in which the guest is to be given them; beginnings and sizes are multiples of `memoryBlockMib`. */
  readonly memory: readonly MemoryRange[];
}

/** Linux adds memory to a running x86_64 by the section (SECTION_SIZE_BITS). */
export const memoryBlockMib = 128;

/** Where a VM's sockets and records are, below its directory. */
export const vmFiles = {
  vsockSocket: "vsock.sock",
  agentSocket: "agent.sock",
  console: "console.log",
  exitRecord: "exit.json",
  monitorRecord: "monitor.json",
} as const;
