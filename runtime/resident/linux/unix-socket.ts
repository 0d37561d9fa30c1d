import { RunvError } from "@runv/protocol";
import * as sys from "../sys.ts";
import { fileType, open } from "./constants.ts";

/**
 * Connects to the socket that is at `path` itself. A confined process owns the directory of its sockets: a link that it puts there would
 * lead this privileged process to any socket of the host.
 * @throws RunvError "hypervisor" for anything but a socket, else as unix(7).
 */
export function connectSocket(path: string): number {
  const place = sys.open(path, open.path | open.nofollow);
  try {
    if ((sys.fstat(place).mode & fileType.mask) !== fileType.socket)
      throw new RunvError("hypervisor", `connect to ${path}: not a socket`);
    // What was looked at is what is connected to, whatever happens to the name.
    return sys.unixConnect(`/proc/self/fd/${place}`);
  } finally {
    sys.close(place);
  }
}
