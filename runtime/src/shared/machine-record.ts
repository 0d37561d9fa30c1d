import type { PresentLimits } from "@runv/protocol/present-limits";

/** What is known of a container's machine, for what is asked of it later: by runv's own reckoning, and never by the guest's word. */
export interface MachineRecord {
  /** MemTotal of its guest as it started. */
  readonly totalMib: number;
  /** Those that its guest has. */
  readonly vcpuCount: number;
  /** More than these no quota gets. */
  readonly mostVcpus: number;
  /** Of its spare memory, what its guest was given. */
  readonly addedMemoryMib: number;
  /** The container's, that others are worked out from. */
  readonly limits: PresentLimits;
}
