import { errorMessage } from "@runv/protocol/errors";
import type { ConfinedProcess } from "../contract/monitor.ts";
import { namespace } from "../linux/constants.ts";
import { raiseDescriptorLimit } from "../linux/descriptor-limit.ts";
import { signal } from "../linux/signals.ts";
import { attempt } from "../linux/system-error.ts";
import * as sys from "../sys.ts";
import { enterConfinedRoot } from "./confined-root.ts";
import { dropPrivileges } from "./privileges.ts";

/** A pid namespace too: processes of other VMs cannot even be named, whatever their user is. */
const namespaces = namespace.mount | namespace.network | namespace.ipc | namespace.uts | namespace.pid;
const failedToStart = 127;
/** Every file that the guest knows of a share may be a descriptor of who serves it; virtiofsd's own wish. */
const sharingDescriptors = 1_000_000;

export interface Confinement {
  readonly process: ConfinedProcess;
  readonly argv: readonly string[];
  /** uid and gid. */
  readonly user: number;
  /** An empty directory, the mount point of its root. */
  readonly rootDirectory: string;
  /** Open in the process, under the same numbers. */
  readonly descriptors: Iterable<number>;
  /** stdout and stderr. */
  readonly log: number;
  /** A pipe: what went wrong is written to it; its end without a word means that the program runs. */
  readonly status: number;
}

/** Starts a confined process; errors up to its execve go to `status`. @returns its pid. */
export function startConfined(confinement: Confinement): number {
  const pid = sys.clone(namespaces);
  if (pid === 0) runChild(confinement);
  return pid;
}

function runChild(confinement: Confinement): never {
  try {
    sys.afterFork();
    sys.dup2(confinement.log, 1);
    sys.dup2(confinement.log, 2);
    const kept = [...confinement.descriptors];
    sys.closeFrom(3, [...kept, confinement.status]);
    const { root } = confinement.process;
    if (root.shares.length > 0) raiseDescriptorLimit(sharingDescriptors);
    enterConfinedRoot(confinement.rootDirectory, root, confinement.user);
    dropPrivileges(confinement.process, confinement.user, signal.kill);
    // The monitor may have died before the death signal was set: then nobody holds the other end and this fails (EPIPE, or SIGPIPE).
    sys.write(confinement.status, "\n");
    for (const fd of kept) sys.setCloexec(fd, false);
    const [program = ""] = confinement.argv;
    sys.execve(program, confinement.argv, confinement.process.env);
  } catch (thrown) {
    const reason = errorMessage(thrown);
    attempt(() => sys.write(confinement.status, reason));
  }
  return sys.exit(failedToStart);
}
