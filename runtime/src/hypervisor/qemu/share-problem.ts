import type { ShareDriver } from "../../shared/share.ts";
import type { Hypervisor } from "../hypervisor.ts";
import { emulatorDevices } from "./host-facts.ts";
import { program } from "./program.ts";
import { virtiofsdFlaw, virtiofsdProblem } from "./virtiofsd.ts";

/** What serves the share in the virtual machine, in the form that it has on microvm; the one for PCI is built with it. */
export const shareDevices: Readonly<Record<ShareDriver, string>> = {
  virtiofs: "vhost-user-fs-device",
  "9p": "virtio-9p-device",
};

export const shareProblem: Hypervisor["shareProblem"] = async (driver, { programs, signal }) => {
  const problem = driver === "virtiofs" ? virtiofsdProblem(programs) : null;
  if (problem !== null) return problem;
  const devices = await emulatorDevices(programs, signal);
  return devices.includes(shareDevices[driver])
    ? null
    : `this ${program} was built without ${shareDevices[driver]}`;
};

/** Of QEMU's own server: an open file is found by the name that it had. */
export const plan9Flaw =
  "files that are open and have no name any more are read and written, but not truncated, mapped or changed in mode: what has their name now is";

export const shareFlaw: Hypervisor["shareFlaw"] = async (driver, { programs, signal }) =>
  driver === "9p" ? plan9Flaw : virtiofsdFlaw(programs, signal);
