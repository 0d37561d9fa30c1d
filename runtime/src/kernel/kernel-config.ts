import { kernelOptions } from "../shared/kernel-options.ts";
import type { ShareDriver } from "../shared/share.ts";

/** What mounts a share has to be in the kernel itself: the guest has no modules. */
const needed: Readonly<Record<ShareDriver, readonly string[]>> = {
  virtiofs: ["CONFIG_VIRTIO_FS"],
  "9p": ["CONFIG_9P_FS", "CONFIG_NET_9P_VIRTIO"],
};

/** Whether a guest kernel can mount shares of that kind; null when nothing is known of it. */
export function canMountShare(vmlinux: string, driver: ShareDriver): boolean | null {
  const options = kernelOptions(vmlinux);
  return options === null ? null : needed[driver].every((option) => options.values.get(option) === "y");
}
