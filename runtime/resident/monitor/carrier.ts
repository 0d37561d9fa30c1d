import { RunvError } from "@runv/protocol";
import type { Carrier } from "../contract/monitor.ts";
import { dialGuestPort } from "../guest/dial.ts";
import { event } from "../linux/constants.ts";
import { errnoName } from "../linux/system-error.ts";
import { remainingMs, waitReady } from "../linux/wait.ts";
import * as sys from "../sys.ts";
import { type ClaimedCid, claimGuestCid } from "./guest-cid.ts";
import type { GuestDialer } from "./guest-dialer.ts";
import { openStreamCarrier } from "./stream-carrier.ts";

export function openCarrier(carrier: Carrier): GuestDialer {
  if (carrier.kind === "vhost-vsock") return vhostVsock(claimGuestCid(carrier.firstCid));
  if (carrier.kind === "stream") return openStreamCarrier(carrier);
  return {
    cid: 0,
    vmmFd: null,
    dial: async (port, deadlineMs) => dialGuestPort(carrier.path, port, deadlineMs),
    handOver: () => undefined,
  };
}

function vhostVsock(claimed: ClaimedCid): GuestDialer {
  return {
    cid: claimed.cid,
    vmmFd: claimed.fd,
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
