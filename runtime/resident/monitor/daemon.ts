import { open } from "../linux/constants.ts";
import { errnoName } from "../linux/system-error.ts";
import * as sys from "../sys.ts";

/** Nobody but root has business with what the monitor makes. */
const daemonUmask = 0o077;

/** A session of its own, nothing of the verb's held: not its working directory, not its stdin, stdout or stderr (a caller waits for their end). */
export function becomeDaemon(): void {
  try {
    sys.setsid();
  } catch (thrown) {
    // EPERM: the verb has given us a session already.
    if (errnoName(thrown) !== "EPERM") throw thrown;
  }
  sys.chdir("/");
  sys.umask(daemonUmask);
  const nothing = sys.open("/dev/null", open.readWrite);
  for (const standard of [0, 1, 2]) sys.dup2(nothing, standard);
  sys.close(nothing);
}
