/**
 * What a verb and the proxy it starts say to each other, on descriptor 3 of the proxy (a stream socket), one JSON object a line.
 * Descriptors 0 to 2 are the container process's own, and those from 4 on the ones that it is to have from 3 on, as many as the spec says.
 *
 *     verb → proxy   ProxySpec, the first line
 *     proxy → verb   {"event":"held","preserved":[…]} if the spec says so, once it has its cgroups and namespaces, whose mounts still show the
 *                    host, with what the process can do with each preserved descriptor
 *     verb → proxy   {"proceed":true}, the answer to that
 *     proxy → verb   {"event":"ready"} once it has its namespaces, cgroup, terminal and the WELCOME of the agent; or "failed"
 *     verb → proxy   {"commit":true}: the proxy closes descriptor 3 and lives on until its process ends
 *
 * The streams are attached, and an inherited terminal made raw, at the commit.
 * The end of descriptor 3 before the commit ends the proxy, and with its connection the guest process.
 */
export const proxyContractVersion = 4;

export interface ProxySpec {
  readonly version: number;
  readonly container: string;
  /** Empty for the init process. */
  readonly process: string;
  /** The monitor's vsock.sock; connected to while paths of the host can still be reached. */
  readonly vsockSocket: string;
  readonly processIoPort: number;
  readonly connectTimeoutMs: number;
  readonly terminal: ProxyTerminal;
  /** How many descriptors of the caller the process has besides its streams. */
  readonly preserved: number;
  /** Fresh net, mount, ipc and uts namespaces, the mount namespace rooted at `root`; or those of the process `join`, if it is still
   * the one that started then (proc(5): field 22 of stat); null: stay in the caller's (foreground exec by hand has
   * them too, so null is for tests). */
  readonly namespaces:
    | { readonly root: string; readonly hostname: string }
    | { readonly join: { readonly pid: number; readonly startTicks: number } }
    | null;
  /** Wait in fresh namespaces, before their root is the container's, for hooks that are to run there and then. */
  readonly hold: boolean;
  /** cgroup directories whose cgroup.procs takes this process. */
  readonly cgroups: readonly string[];
  /** null: left alone. Lowering is best effort. */
  readonly oomScoreAdj: number | null;
}

export type ProxyTerminal =
  | { readonly kind: "none" }
  /** A pty pair is made, its master sent to this UNIX socket by SCM_RIGHTS (callers.md: one sendmsg, no reply awaited). */
  | {
      readonly kind: "console-socket";
      readonly path: string;
      readonly rows: number;
      readonly columns: number;
    }
  /** Descriptor 0 is a terminal: raw mode while the process runs, restored whatever happens. The verb starts the proxy in its own session and
   * process group (not detached), or it would not be told of resizes. */
  | { readonly kind: "inherited" };

/** What a process can do with a preserved descriptor. */
export const preservedAccesses = ["read", "write", "read-write"] as const;
export type PreservedAccess = (typeof preservedAccesses)[number];

export type ProxyEvent =
  | { readonly event: "held"; readonly preserved: readonly PreservedAccess[] }
  | { readonly event: "ready" }
  | {
      readonly event: "failed";
      readonly code: "unsupported" | "not-found" | "unavailable" | "timeout" | "internal";
      readonly message: string;
    };

/**
 * The proxy's exit status is the process's own, or 128 + the signal that killed it, or this when the guest was lost. Signals that it gets are
 * passed to the process; once the process has ended and only a slow reader of its output is waited for, one that would end a process ends the
 * proxy with the process's status.
 */
export const lostGuestExitStatus = 137;
