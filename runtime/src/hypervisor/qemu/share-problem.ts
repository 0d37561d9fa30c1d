import type { ShareDriver } from "../../shared/share.ts";
import type { Hypervisor } from "../hypervisor.ts";
import { emulatorDevices } from "./host-facts.ts";
import { program } from "./program.ts";
import { virtiofsdProblem } from "./shares.ts";

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
