import { errorMessage } from "@runv/protocol/errors";
import type { RootfsChoice, VolumesChoice } from "../config/choices.ts";
import { absent, type Capability, type Finding, neededOf, present } from "../shared/capability.ts";
import { residentProgram } from "../shared/installation.ts";

/**
 * The ways in which files of the host can get into a guest.
 * @param shares what the hypervisor can share them by
 */
export function fileSupport(
  wanted: { readonly rootfs: RootfsChoice; readonly volumes: VolumesChoice },
  shares: readonly Finding[],
): readonly Capability[] {
  const [stream, copy] = [packerFinding("stream"), packerFinding("copy")];
  const disk = present("block", "an image or a block device as root.path");
  return [
    { name: "rootfs drivers", needs: neededOf(wanted.rootfs), findings: [...shares, stream, disk] },
    { name: "volumes", needs: neededOf(wanted.volumes), findings: [...shares, copy] },
  ];
}

/** Both pack what they hand over. */
function packerFinding(name: "stream" | "copy"): Finding {
  try {
    return present(name, residentProgram("runv-pack"));
  } catch (error) {
    return absent(name, errorMessage(error));
  }
}
