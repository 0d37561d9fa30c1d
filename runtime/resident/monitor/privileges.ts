import { coreSizeLimit, fileSizeLimit, prctl } from "../linux/constants.ts";
import { errnoName } from "../linux/system-error.ts";
import * as sys from "../sys.ts";

const highestCapability = 63;
const confinedUmask = 0o077;

/**
 * Gives up, for good, everything but being `user`: capabilities(7), prctl(2). The bounding set goes while CAP_SETPCAP is still there; what a
 * change of user resets (the death signal) is set after it.
 */
export function dropPrivileges(user: number, maxFileBytes: number, deathSignal: number): void {
  sys.umask(confinedUmask);
  sys.setrlimit(coreSizeLimit, 0, 0);
  sys.setrlimit(fileSizeLimit, maxFileBytes, maxFileBytes);
  dropBoundingSet();
  sys.setgroups([]);
  sys.setresgid(user);
  sys.setresuid(user);
  sys.capset([], [], []);
  sys.prctl(prctl.setNoNewPrivileges, 1, 0, 0, 0);
  sys.prctl(prctl.setParentDeathSignal, deathSignal, 0, 0, 0);
}

function dropBoundingSet(): void {
  for (let capability = 0; capability <= highestCapability; capability++) {
    try {
      sys.prctl(prctl.dropBoundingCapability, capability, 0, 0, 0);
    } catch (thrown) {
      // EINVAL: this kernel knows no further capability.
      if (errnoName(thrown) === "EINVAL") return;
      throw thrown;
    }
  }
}
