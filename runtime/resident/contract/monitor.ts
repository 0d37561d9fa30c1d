/**
 * What a verb and the monitor it starts say to each other, on descriptor 3 of the monitor (a stream socket), one JSON object a line.
 *
 *     verb → monitor   MonitorSpec, the first line
 *     monitor → verb   MonitorEvent "launched" once the VMM runs and both sockets listen, or "failed"
 *     verb → monitor   {"commit":true}: from now on the VM is to live on its own
 *     monitor → verb   MonitorEvent "committed", and the monitor closes descriptor 3; or "failed": the VM had ended before
 *
 * The end of descriptor 3 before the commit means that the verb died: the monitor kills what it started and removes `rollback`.
 * Descriptors 4 and up of the monitor are the files that `processes[].descriptors` name as `inherited`.
 */
export const monitorContractVersion = 4;

export interface MonitorSpec {
  readonly version: number;
  /** Directory of the VM, absolute, mode 0700, made by the verb. Removed by the monitor when the VM has ended, but for the two records. */
  readonly directory: string;
  /** Helpers first, the VMM last. The VM has ended when the VMM has; a helper's death kills the VMM. */
  readonly processes: readonly ConfinedProcess[];
  /** They run as uid = gid = `firstUser` + the monitor's pid, which no other living VM has, with no_new_privs and no more than `privileges`. */
  readonly firstUser: number;
  /** Of the monitor and its processes: proc(5), /proc/<pid>/oom_score_adj. What they would inherit is the caller's own. */
  readonly oomScoreAdj: number;
  /** Directories below `directory` that the monitor gives to that user before it starts anything. */
  readonly ownedDirectories: readonly string[];
  readonly carrier: Carrier;
  readonly sockets: { readonly vsock: string; readonly agent: string };
  /** The port that `sockets.agent` is connected to. */
  readonly controlPort: number;
  /** The guest's console: the VMM writes to descriptor `console` (see Descriptor), the monitor keeps the last `maxBytes` in `path`. */
  readonly console: {
    readonly path: string;
    readonly maxBytes: number;
    /** Text with which the guest tells that it listens: before it has appeared, ports are hardly tried. Empty: there is none. */
    readonly listeningMark: string;
  };
  /** Directories made for this VM's cgroup: the monitor and its processes are in them (their pids are written to cgroup.procs). */
  readonly cgroups: readonly string[];
  /** Where one line of JSON (MonitorExit) is left when the VM has ended. */
  readonly exitRecord: string;
  /** Where one line of JSON (MonitorRecord) stands from the beginning: for whoever has lost what the verb knew. */
  readonly monitorRecord: string;
  /** What a rollback removes, in this order: trees, and cgroup directories by rmdir. */
  readonly rollback: { readonly trees: readonly string[]; readonly cgroups: readonly string[] };
}

/** How guest ports are reached. */
export type Carrier =
  /** /dev/vhost-vsock: the monitor claims the first free CID from `firstCid` on; `{cid}` in argv becomes it. */
  | { readonly kind: "vhost-vsock"; readonly firstCid: number }
  /** A UNIX socket that takes "CONNECT <port>\n" (vhost-device-vsock, Firecracker). */
  | { readonly kind: "unix-connect"; readonly path: string }
  /** One byte stream, the VMM's end of which is the descriptor "carrier"; the multiplexer carries the ports. Properties as in `@runv/protocol`. */
  | {
      readonly kind: "stream";
      readonly reliable: boolean;
      readonly windowBytes: number;
      readonly frameBytes: number;
    };

export interface ConfinedProcess {
  readonly name: string;
  /** argv[0] is the path inside `root`. `{fd:NAME}` becomes the number of that descriptor, `{cid}` the claimed CID,
   * `{tscKhz}` the host's time stamp counter's frequency in kHz (0 when it cannot be told). */
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly privileges: Privileges;
  /** The whole of what it sees of the host: a tmpfs with these in it. */
  readonly root: ConfinedRoot;
  /** By name. "console" is special: kind "console". */
  readonly descriptors: Readonly<Record<string, Descriptor>>;
  /** Files (as the monitor sees them) that must exist before the next process starts; a missing one after `readyTimeoutMs` is a failure. */
  readonly readyFiles: readonly string[];
  readonly readyTimeoutMs: number;
  /** How long a file it can make or extend (setrlimit(2), RLIMIT_FSIZE): what it may do to the host's disk and memory through descriptors. */
  readonly maxFileBytes: number;
  /** What it writes to stdout and stderr goes here, bounded to 64 KiB; quoted when it fails. */
  readonly log: string;
  /** A line of the log with one of these means that it has failed for good, whether it ends or not. */
  readonly failureMarks: readonly string[];
}

/** What is left to a process of root's power; its bounding set holds nothing else. */
export interface Privileges {
  /** Stays uid 0, which by itself owns what root owns; false: the VM's own user. */
  readonly root: boolean;
  /** Numbers of capabilities(7). */
  readonly capabilities: readonly number[];
}

export interface ConfinedRoot {
  readonly binds: readonly {
    readonly source: string;
    readonly target: string;
    readonly readonly: boolean;
    readonly optional: boolean;
  }[];
  readonly devices: readonly { readonly path: string; readonly major: number; readonly minor: number }[];
  /** Symbolic links, say /lib64 → usr/lib64. */
  readonly links: readonly { readonly path: string; readonly target: string }[];
  readonly directories: readonly string[];
  /** What the guest may reach through this process: bound without devices, set-id programs and execution, whatever `binds` are. A process
   * that has any may open a million files, or as many as the monitor may allow it: without CAP_SYS_RESOURCE its hard limit. */
  readonly shares: readonly Share[];
  /** Whether /proc is there: read-only, and only of the process's own pid namespace. */
  readonly proc: boolean;
}

/** A directory tree or a single file of the host. */
export interface Share {
  readonly source: string;
  readonly target: string;
  readonly access: "writable" | "readonly" | "readonly-recursive";
  /** With what is mounted below it. */
  readonly recursive: boolean;
  /** "slave": what the host mounts below it later is seen too. */
  readonly propagation: "private" | "slave";
}

export type Descriptor =
  | { readonly kind: "inherited"; readonly number: number }
  /** Connected to a UNIX socket, retried until `timeoutMs`. */
  | { readonly kind: "unix-connect"; readonly path: string; readonly timeoutMs: number }
  /** A listening UNIX socket made by the monitor, mode 0600. */
  | { readonly kind: "unix-listen"; readonly path: string }
  /** /dev/vhost-vsock with the claimed CID. */
  | { readonly kind: "vhost-vsock" }
  /** The VMM's end of a carrier that is one byte stream. */
  | { readonly kind: "carrier" }
  /** One end of a socket whose other end the monitor reads as the guest's console. */
  | { readonly kind: "console" }
  | { readonly kind: "open"; readonly path: string; readonly write: boolean };

export type MonitorEvent =
  | {
      readonly event: "launched";
      readonly vmm: ProcessIdentity;
      readonly helpers: readonly ProcessIdentity[];
      readonly cid: number;
      /** Sentences for the user. */
      readonly warnings: readonly string[];
    }
  | { readonly event: "committed" }
  /** `code` as RunvError's; everything started has been ended and `rollback` removed. */
  | {
      readonly event: "failed";
      readonly code: "unavailable" | "hypervisor" | "resource-exhausted" | "internal";
      readonly message: string;
    };

export interface ProcessIdentity {
  readonly name: string;
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks since boot. */
  readonly startTicks: number;
}

export interface MonitorRecord {
  readonly version: number;
  readonly monitor: ProcessIdentity;
  /** As in the spec. */
  readonly cgroups: readonly string[];
}

export interface MonitorExit {
  readonly version: number;
  /** Why the VM ended: the VMM's own end, a helper's death, or a request (SIGTERM to the monitor). */
  readonly cause: "vmm" | "helper" | "terminated";
  readonly exitCode: number;
  readonly signal: number;
  /** One sentence for the user, with the last line of what the VMM wrote when it failed; empty after an ordinary end. */
  readonly message: string;
}
