import { bulkPort, controlPort, hostCid, processIoPort } from "@runv/protocol";
import { errnoOf } from "../linux/errno.ts";
import { accept, close, type Fd, vsockListen, watch } from "../linux/sys.ts";
import { handOver, type Port, type Ports } from "./port.ts";

const EPOLLIN = 1;
/** Accepted in one turn; the rest has its turn after whatever else is ready. */
const maxAcceptsPerTurn = 16;

/** Opens the agent's ports. Connections queue in the kernel until they are served. */
export function openVsockPorts(): Ports {
  return { control: openPort(controlPort), io: openPort(processIoPort), bulk: openPort(bulkPort) };
}

function openPort(port: number): Port {
  const listener = vsockListen(port);
  return { serve: (onConnection) => serve(listener, onConnection) };
}

/** Takes connections of the host; a peer in the guest itself is turned away. */
function serve(listener: Fd, onConnection: (connection: Fd) => void): void {
  watch(listener, EPOLLIN, () => {
    for (let count = 0; count < maxAcceptsPerTurn; count++) {
      const accepted = acceptOne(listener);
      if (accepted === null) return;
      if (accepted.cid === hostCid) handOver(accepted.fd, onConnection);
      else close(accepted.fd);
    }
  });
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
