import type { RootfsDriver } from "./rootfs-driver.ts";

/** The rootfs is packed into the guest; nothing of the host's file system can be reached from there. */
export const streamRootfs: RootfsDriver = {
  name: "stream",
  plan: async ({ rootfs, readonly }) =>
    Promise.resolve({
      trees: [],
      copies: [{ name: "", directory: rootfs, oneFileSystem: false }],
      disk: null,
      needsScratch: true,
      rootfs: { driver: "stream", readonly, tree: "", block: undefined },
    }),
};
