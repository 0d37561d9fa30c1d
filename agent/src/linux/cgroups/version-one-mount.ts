import { RunvError } from "@runv/protocol";
import { MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, MS_REMOUNT } from "../mount-options.ts";
import { mkdir, mount, symlink } from "../sys.ts";
import type { Hierarchy } from "./hierarchies.ts";

const ownFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
const directoryMode = 0o755;

/**
 * Mounts what a container sees of version 1 cgroups, in its namespaces: a tmpfs with a directory for each hierarchy, in which its own cgroup is
 * the root, and links for controllers that are not alone in theirs; as runc does on a host of this kind.
 * @param flags and data of mount(2). @throws RunvError "invalid-argument" for data, which would be of one hierarchy
 */
export function mountVersionOne(
  hierarchies: readonly Hierarchy[],
  target: string,
  flags: number,
  data: string,
): void {
  if (data !== "") throw new RunvError("invalid-argument", `options of cgroup v1 are not for all: "${data}"`);
  const readonly = flags & MS_RDONLY;
  mount("tmpfs", target, "tmpfs", ownFlags, "mode=755");
  for (const { name, controllers, data: which } of hierarchies) {
    if (which === null) continue;
    mkdir(`${target}/${name}`, directoryMode);
    mount(name === "systemd" ? name : "cgroup", `${target}/${name}`, "cgroup", ownFlags | readonly, which);
    if (controllers.length > 1)
      for (const controller of controllers) symlink(name, `${target}/${controller}`);
  }
  if (readonly !== 0) mount("", target, "", MS_REMOUNT | ownFlags | readonly, "mode=755");
}
