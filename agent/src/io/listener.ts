import { hostCid } from "@runv/protocol";
import { errnoOf } from "../linux/errno.ts";
import { accept, close, type Fd, vsockListen, watch } from "../linux/sys.ts";

const EPOLLIN = 1;
/** Accepted in one turn; the rest has its turn after whatever else is ready. */
const maxAcceptsPerTurn = 16;

/** Opens a vsock port. Connections queue in the kernel until `serve`. */
export function openPort(port: number): Fd {
  return vsockListen(port);
}

/**
 * Takes connections of the host for good; a peer in the guest itself is turned away.
 * @param onConnection owns the descriptor, unless it throws
 */
export function serve(listener: Fd, onConnection: (connection: Fd) => void): void {
  watch(listener, EPOLLIN, () => {
    for (let count = 0; count < maxAcceptsPerTurn; count++) {
      const accepted = acceptOne(listener);
      if (accepted === null) return;
      if (accepted.cid === hostCid) handOver(accepted.fd, onConnection);
      else close(accepted.fd);
    }
  });
}

function handOver(connection: Fd, onConnection: (connection: Fd) => void): void {
  try {
    onConnection(connection);
  } catch (thrown) {
    close(connection);
    throw thrown;
  }
}

function acceptOne(listener: Fd): ReturnType<typeof accept> {
  try {
    return accept(listener);
  } catch (thrown) {
    // The peer hung up before we came, or descriptors are short for the moment.
    if (["ECONNABORTED", "EMFILE", "ENFILE", "ENOMEM", "EINTR"].includes(errnoOf(thrown) ?? "")) return null;
    throw thrown;
  }
}
