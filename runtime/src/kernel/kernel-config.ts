import { type KernelOptions, kernelOptions } from "../shared/kernel-options.ts";
import type { ShareDriver } from "../shared/share.ts";

/** What mounts a share has to be in the kernel itself: the guest has no modules. */
const needed: Readonly<Record<ShareDriver, readonly string[]>> = {
  virtiofs: ["CONFIG_VIRTIO_FS"],
  "9p": ["CONFIG_9P_FS", "CONFIG_NET_9P_VIRTIO"],
};

/** Whether a guest kernel can mount shares of that kind; null when nothing is known of it. */
export function canMountShare(vmlinux: string, driver: ShareDriver): boolean | null {
  const options = kernelOptions(vmlinux);
  return options === null ? null : hasAll(options, needed[driver]);
}

/** What a guest kernel can be given while it runs; nothing where nothing is known of it. */
export function hotplugSupport(vmlinux: string): { readonly memory: boolean; readonly processors: boolean } {
  const options = kernelOptions(vmlinux);
  if (options === null) return { memory: false, processors: false };
  return {
    memory: hasAll(options, ["CONFIG_MEMORY_HOTPLUG", "CONFIG_ARCH_MEMORY_PROBE"]),
    processors: hasAll(options, ["CONFIG_HOTPLUG_CPU"]),
  };
}

function hasAll({ values }: KernelOptions, names: readonly string[]): boolean {
  return names.every((name) => values.get(name) === "y");
}
