import type { ShareDriver } from "../shared/share.ts";
import type { RootfsDriver } from "./rootfs-driver.ts";

/** The rootfs stays on the host, where the container's changes are seen at once. */
export function sharedRootfs(name: ShareDriver): RootfsDriver {
  return {
    name,
    plan: async ({ container, rootfs, readonly }) => {
      const tree = `${container}/rootfs`;
      return Promise.resolve({
        // Writable also for a read-only container: directories and files to mount on are made in it first, in the guest.
        trees: [{ name: tree, source: rootfs, access: "writable", recursive: true, propagation: "private" }],
        copies: [],
        disk: null,
        needsScratch: false,
        rootfs: { driver: "share", readonly, tree, block: undefined },
      });
    },
  };
}
