import type { ConfinedProcess } from "../contract/monitor.ts";
import { ambientRaise, coreSizeLimit, fileSizeLimit, prctl } from "../linux/constants.ts";
import { errnoName } from "../linux/system-error.ts";
import * as sys from "../sys.ts";

const highestCapability = 63;
const confinedUmask = 0o077;

/**
 * Gives up, for good, everything but being its user and its capabilities: capabilities(7), prctl(2). The bounding set goes while CAP_SETPCAP is
 * still there; what a change of user resets (the death signal) is set after it.
 */
export function dropPrivileges(process: ConfinedProcess, ownUser: number, deathSignal: number): void {
  const { capabilities, root } = process.privileges;
  const user = root ? 0 : ownUser;
  sys.umask(confinedUmask);
  sys.setrlimit(coreSizeLimit, 0, 0);
  sys.setrlimit(fileSizeLimit, process.maxFileBytes, process.maxFileBytes);
  dropBoundingSet(capabilities);
  sys.setgroups([]);
  sys.prctl(prctl.keepCapabilities, 1, 0, 0, 0);
  sys.setresgid(user);
  sys.setresuid(user);
  sys.capset(capabilities, capabilities, capabilities);
  // Without them execve(2) leaves nothing to a user who is not root.
  for (const capability of capabilities) sys.prctl(prctl.ambientCapability, ambientRaise, capability, 0, 0);
  sys.prctl(prctl.setNoNewPrivileges, 1, 0, 0, 0);
  sys.prctl(prctl.setParentDeathSignal, deathSignal, 0, 0, 0);
}

function dropBoundingSet(kept: readonly number[]): void {
  for (let capability = 0; capability <= highestCapability; capability++) {
    if (kept.includes(capability)) continue;
    try {
      sys.prctl(prctl.dropBoundingCapability, capability, 0, 0, 0);
    } catch (thrown) {
      // EINVAL: this kernel knows no further capability.
      if (errnoName(thrown) === "EINVAL") return;
      throw thrown;
    }
  }
}
