/** Ways to share directories of the host with a guest. */
export const shareDrivers = ["virtiofs", "9p"] as const;
export type ShareDriver = (typeof shareDrivers)[number];

/** By which the guest mounts it. */
export const shareTag = "runv";

/** How long the guest may believe what it has read: README, "Shared files". */
export type ShareCache = "auto" | "always" | "none";

/** The one share of a virtual machine: a directory that holds nothing but these. */
export interface VmShare {
  readonly driver: ShareDriver;
  readonly cache: ShareCache;
  readonly trees: readonly SharedTree[];
}

/** A directory tree or a single file of the host that a guest may reach. */
export interface SharedTree {
  /** Relative path in the share. */
  readonly name: string;
  /** Absolute. */
  readonly source: string;
  readonly access: "writable" | "readonly" | "readonly-recursive";
  /** With what is mounted below it. */
  readonly recursive: boolean;
  /** "slave": what the host mounts below it later is seen too. */
  readonly propagation: "private" | "slave";
}
