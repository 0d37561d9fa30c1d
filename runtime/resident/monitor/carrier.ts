import { RunvError } from "@runv/protocol";
import type { Carrier } from "../contract/monitor.ts";
import { dialGuestPort } from "../guest/dial.ts";
import { event } from "../linux/constants.ts";
import { errnoName } from "../linux/system-error.ts";
import { remainingMs, waitReady } from "../linux/wait.ts";
import * as sys from "../sys.ts";
import { type ClaimedCid, claimGuestCid } from "./guest-cid.ts";

/** How the monitor reaches ports of its guest. */
export interface GuestDialer {
  /** 0 when the carrier has no CID on this host. */
  readonly cid: number;
  /** /dev/vhost-vsock for the VMM, or null. */
  readonly vhostFd: number | null;
  /** @returns a non-blocking socket; null when the guest does not listen (yet). */
  dial(port: number, deadlineMs: number): Promise<number | null>;
  /** Ends the monitor's share in the CID claim: from then on the VMM alone holds it. */
  handOver(): void;
}

export function openCarrier(carrier: Carrier): GuestDialer {
  if (carrier.kind === "vhost-vsock") return vhostVsock(claimGuestCid(carrier.firstCid));
  return {
    cid: 0,
    vhostFd: null,
    dial: async (port, deadlineMs) => dialGuestPort(carrier.path, port, deadlineMs),
    handOver: () => undefined,
  };
}

function vhostVsock(claimed: ClaimedCid): GuestDialer {
  return {
    cid: claimed.cid,
    vhostFd: claimed.fd,
    dial: async (port, deadlineMs) => dialVsock(claimed.cid, port, deadlineMs),
    handOver: () => sys.close(claimed.fd),
  };
}

/** What the kernel says while no one listens, or before the guest's driver is up: vsock(7). */
const notListening: readonly string[] = [
  "ECONNRESET",
  "ECONNREFUSED",
  "ETIMEDOUT",
  "ENODEV",
  "EHOSTUNREACH",
  "ENETUNREACH",
];

async function dialVsock(cid: number, port: number, deadlineMs: number): Promise<number | null> {
  const fd = sys.vsockConnect(cid, port);
  try {
    const answered = await waitReady(fd, event.writable, remainingMs(deadlineMs));
    if (!answered) throw new RunvError("timeout", `guest port ${port}: no answer`);
    sys.socketError(fd);
    return fd;
  } catch (thrown) {
    sys.close(fd);
    if (notListening.includes(errnoName(thrown))) return null;
    throw thrown;
  }
}
