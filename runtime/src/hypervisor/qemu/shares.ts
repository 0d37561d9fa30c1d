import { join } from "node:path";
import { RunvError } from "@runv/protocol/errors";
import type {
  ConfinedProcess,
  ConfinedRoot,
  Descriptor,
  Privileges,
  Share,
} from "../../../resident/contract/monitor.ts";
import { type ShareCache, shareTag, type VmShare } from "../../shared/share.ts";
import type { VmSpec } from "../hypervisor.ts";
import { confinedRoot } from "./confinement.ts";
import { type Machine, virtioDevice } from "./machines.ts";
import { findVirtiofsd, virtiofsdName, virtiofsdParts, virtiofsdProblem } from "./virtiofsd.ts";

/** What a share adds to a VM. */
export interface ShareParts {
  readonly helpers: readonly ConfinedProcess[];
  readonly argv: readonly string[];
  readonly descriptors: Readonly<Record<string, Descriptor>>;
  /** What the VMM itself serves, and may do for it. */
  readonly vmmRoot: Pick<ConfinedRoot, "shares" | "proc">;
  readonly vmmPrivileges: Privileges;
}

/** The shared directory, as the process that serves it sees it. */
const inside = "/share";
const readyTimeoutMs = 5000;

/**
 * Numbers of capabilities(7): to act on files as any user of the guest, root included. CAP_SYS_CHROOT is for virtiofsd's own sandbox, CAP_SETPCAP
 * for its giving up of the rest; it drops both before it serves.
 */
const capability = {
  chown: 0,
  dacOverride: 1,
  fowner: 3,
  fsetid: 4,
  setgid: 6,
  setuid: 7,
  setpcap: 8,
  sysChroot: 18,
  mknod: 27,
  setfcap: 31,
} as const;
const fileCapabilities = [
  capability.chown,
  capability.dacOverride,
  capability.fowner,
  capability.fsetid,
  capability.mknod,
  capability.setfcap,
];

export const noPrivileges: Privileges = { root: false, capabilities: [] };
/** What the guest writes to shared files has the bounds of their file systems. */
export const anySize = Number.MAX_SAFE_INTEGER;
const nothingServed = { shares: [], proc: false };

/** @throws RunvError "unavailable" that says what to install. */
export function shareParts(spec: VmSpec, machine: Machine): ShareParts {
  if (spec.share === null)
    return { helpers: [], argv: [], descriptors: {}, vmmRoot: nothingServed, vmmPrivileges: noPrivileges };
  return spec.share.driver === "9p" ? plan9(spec.share, machine) : virtiofs(spec.share, spec, machine);
}

/**
 * The VMM serves the files itself, as its own user: with the capabilities to act as the guest's root on them, which is what
 * `security_model=passthrough` does. Inode numbers of different file systems are told apart (`multidevs`).
 */
function plan9(share: VmShare, machine: Machine): ShareParts {
  return {
    helpers: [],
    argv: [
      ...["-fsdev", `local,id=share,path=${inside},security_model=passthrough,multidevs=remap`],
      ...["-device", `${virtioDevice(machine, "virtio-9p")},fsdev=share,mount_tag=${shareTag}`],
    ],
    descriptors: {},
    // It changes modes through /proc/self/fd.
    vmmRoot: { shares: share.trees.map(boundTree), proc: true },
    vmmPrivileges: { root: false, capabilities: fileCapabilities },
  };
}

function virtiofs(share: VmShare, { directory, programs }: VmSpec, machine: Machine): ShareParts {
  const socket = join(directory, `${virtiofsdName}.sock`);
  const path = findVirtiofsd(programs);
  if (path === null) throw new RunvError("unavailable", `share: ${virtiofsdProblem(programs) ?? ""}`);
  return {
    helpers: [virtiofsd(share, { path, socket, directory })],
    argv: [
      // The library under the one in C refuses a device as it was before virtio 1.0, which mmio has by default.
      ...(machine.virtioBus === "device" ? ["-global", "virtio-mmio.force-legacy=false"] : []),
      ...["-chardev", "socket,id=share,fd={fd:share}"],
      ...[
        "-device",
        `${virtioDevice(machine, "vhost-user-fs")},chardev=share,tag=${shareTag},queue-size=1024`,
      ],
    ],
    descriptors: { share: { kind: "unix-connect", path: socket, timeoutMs: readyTimeoutMs } },
    vmmRoot: nothingServed,
    vmmPrivileges: noPrivileges,
  };
}

/** Both kinds of virtiofsd take these: QEMU's own, in C, and the later one, in Rust, which calls `-o` a compatible form. */
function virtiofsd(
  share: VmShare,
  where: { readonly path: string; readonly socket: string; readonly directory: string },
): ConfinedProcess {
  const { launcher, binds } = virtiofsdParts(where.path);
  return {
    name: virtiofsdName,
    argv: [
      ...launcher,
      "--fd={fd:socket}",
      "--rlimit-nofile=0",
      "-o",
      ["source=/share", "sandbox=chroot", ...options(share.cache)].join(","),
    ],
    env: [],
    // Root, because files are made by becoming their owner; the uid alone owns nothing that can be reached from there.
    privileges: {
      root: true,
      capabilities: [
        ...fileCapabilities,
        capability.setgid,
        capability.setuid,
        capability.setpcap,
        capability.sysChroot,
      ],
    },
    root: {
      ...confinedRoot({ binds, devices: [] }),
      shares: share.trees.map(boundTree),
      proc: true,
    },
    descriptors: { socket: { kind: "unix-listen", path: where.socket } },
    readyFiles: [],
    readyTimeoutMs,
    maxFileBytes: anySize,
    log: join(where.directory, `${virtiofsdName}.log`),
    failureMarks: [],
  };
}

function options(cache: ShareCache): string[] {
  return [`cache=${cache}`, "xattr", "announce_submounts"];
}

function boundTree({ name, ...tree }: VmShare["trees"][number]): Share {
  return { ...tree, target: `${inside}/${name}` };
}
