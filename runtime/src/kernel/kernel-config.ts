import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ShareDriver } from "../shared/share.ts";

/** What mounts a share has to be in the kernel itself: the guest has no modules. */
const needed: Readonly<Record<ShareDriver, readonly string[]>> = {
  virtiofs: ["CONFIG_VIRTIO_FS"],
  "9p": ["CONFIG_9P_FS", "CONFIG_NET_9P_VIRTIO"],
};

/** Whether a guest kernel can mount shares of that kind, by the file `config` beside it; null when there is none to tell. */
export function canMountShare(vmlinux: string, driver: ShareDriver): boolean | null {
  const config = readIfThere(join(dirname(vmlinux), "config"));
  if (config === null) return null;
  const lines = new Set(config.split("\n"));
  return needed[driver].every((option) => lines.has(`${option}=y`));
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
