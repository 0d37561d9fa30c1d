import { errorMessage, RunvError } from "@runv/protocol";
import { open } from "../linux/constants.ts";
import { errnoName } from "../linux/system-error.ts";
import * as sys from "../sys.ts";

const device = "/dev/vhost-vsock";
/** More VMs than one host runs; the search must end. */
const maxTries = 65_536;

export interface ClaimedCid {
  readonly cid: number;
  /** /dev/vhost-vsock with the CID set: the claim lasts as long as this is open, here or in the VMM. */
  readonly fd: number;
}

/** Claims the first CID from `firstCid` on that no VM of this host has. @throws RunvError "unavailable". */
export function claimGuestCid(firstCid: number): ClaimedCid {
  const fd = openDevice();
  for (let cid = firstCid; cid < firstCid + maxTries; cid++) {
    if (trySetCid(fd, cid)) return { cid, fd };
  }
  sys.close(fd);
  throw new RunvError("resource-exhausted", `claim a guest CID: all from ${firstCid} on are taken`);
}

function openDevice(): number {
  try {
    return sys.open(device, open.readWrite);
  } catch (cause) {
    const reason = errorMessage(cause);
    throw new RunvError(
      "unavailable",
      `reach the guest through ${device}: ${reason}; try modprobe vhost_vsock`,
      {
        cause,
      },
    );
  }
}

function trySetCid(fd: number, cid: number): boolean {
  try {
    sys.vhostVsockSetCid(fd, cid);
    return true;
  } catch (thrown) {
    if (errnoName(thrown) === "EADDRINUSE") return false;
    sys.close(fd);
    throw thrown;
  }
}
