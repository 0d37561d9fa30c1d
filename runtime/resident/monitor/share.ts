import type { Share } from "../contract/monitor.ts";
import { mountAttribute, mountFlag } from "../linux/constants.ts";
import * as sys from "../sys.ts";

/** Whatever the guest puts there, the process that serves it opens no device and runs no program. */
const always = mountAttribute.nosuid | mountAttribute.nodev | mountAttribute.noexec;

/** Binds a share to `target`, which exists. Needs mount_setattr(2), Linux 5.12: older kernels change one mount of a tree at a time. */
export function bindShare(share: Share, target: string): void {
  const recursive = share.recursive ? mountFlag.recursive : 0;
  sys.mount(share.source, target, "", mountFlag.bind | recursive, "");
  const propagation = share.propagation === "slave" ? mountFlag.slave : mountFlag.private;
  sys.mount("none", target, "", propagation | mountFlag.recursive, "");
  sys.setMountAttributes(target, always, 0, true);
  // As on any Linux, "ro" is the mount's own; what is mounted below it keeps its access.
  if (share.access !== "writable")
    sys.setMountAttributes(target, mountAttribute.readonly, 0, share.access === "readonly-recursive");
}
