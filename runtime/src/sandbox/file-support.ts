import type { RootfsChoice, VolumesChoice } from "../config/choices.ts";
import { type Capability, type Finding, neededOf, present } from "../shared/capability.ts";
import { residentFinding } from "../shared/resident-finding.ts";

/**
 * The ways in which files of the host can get into a guest.
 * @param shares what the hypervisor can share them by
 */
export function fileSupport(
  wanted: { readonly rootfs: RootfsChoice; readonly volumes: VolumesChoice },
  shares: readonly Finding[],
): readonly Capability[] {
  const [stream, copy] = [residentFinding("runv-pack", "stream"), residentFinding("runv-pack", "copy")];
  const disk = present("block", "an image or a block device as root.path");
  return [
    { name: "rootfs drivers", needs: neededOf(wanted.rootfs), findings: [...shares, stream, disk] },
    { name: "volumes", needs: neededOf(wanted.volumes), findings: [...shares, copy] },
  ];
}
