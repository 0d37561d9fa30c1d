import { BindOrigin, type CreateContainerRequest, type Mount, type Rootfs, RunvError } from "@runv/protocol";
import { isDirectory } from "../linux/paths.ts";
import { mountBlockRootfs } from "./block-rootfs.ts";
import { copiesDirectory, rootfsDirectory } from "./scratch.ts";
import { below, treePath } from "./share.ts";

/** The directory that is to be a container's root, whatever brings it. */
export async function provideRootfs(id: string, rootfs: Rootfs | undefined): Promise<string> {
  switch (rootfs?.driver) {
    case "stream":
      return present(rootfsDirectory(id), `container ${id} has no rootfs: unpack it first`);
    case "share":
      return present(
        treePath(rootfs.tree),
        `container ${id}: ${rootfs.tree}: no such directory in the share`,
      );
    case "block":
      if (rootfs.block === undefined)
        throw new RunvError("invalid-argument", `container ${id}: the disk of its rootfs is missing`);
      return mountBlockRootfs(id, rootfs.block);
    default:
      throw new RunvError(
        "unsupported",
        `rootfs driver "${rootfs?.driver ?? ""}": this agent has "stream", "share" and "block"`,
      );
  }
}

function present(directory: string, otherwise: string): string {
  if (!isDirectory(directory)) throw new RunvError("invalid-state", otherwise);
  return directory;
}

/** The same request with absolute paths as the sources of its bind mounts. */
export function locateBinds(request: CreateContainerRequest): CreateContainerRequest {
  const locate = (mount: Mount): Mount =>
    mount.type === "bind" && !mount.options.includes("remount")
      ? { ...mount, source: bindSource(request.containerId, mount) }
      : mount;
  return { ...request, mounts: request.mounts.map(locate) };
}

function bindSource(id: string, mount: Mount): string {
  switch (mount.origin) {
    case BindOrigin.SHARE:
      return treePath(mount.source);
    case BindOrigin.COPY:
      return below(copiesDirectory(id), mount.source);
    default:
      throw new RunvError("invalid-argument", `mount ${mount.destination}: a bind mount without an origin`);
  }
}
