import { cgroupSupport } from "../cgroups/layout.ts";
import { systemdSupport } from "../cgroups/systemd-bus.ts";
import type { Settings } from "../config/settings.ts";
import { hypervisors } from "../hypervisor/registry.ts";
import { chosenKernel, type GuestChoice } from "../kernel/guest.ts";
import { guestSupport } from "../kernel/guest-support.ts";
import type { Capability } from "../shared/capability.ts";
import { scratchDiskSupport } from "../storage/scratch-support.ts";
import { fileSupport } from "./file-support.ts";
import { bootSettings, storageSettings } from "./settings.ts";

/** What this host has of everything that sandboxes are made of, as it is configured. */
export async function sandboxSupport(
  settings: Settings,
  signal: AbortSignal,
): Promise<readonly Capability[]> {
  const { hypervisor, machine, guest } = bootSettings(settings);
  const { scratch } = storageSettings(settings);
  const { programs } = machine;
  const { capabilities, shares } = await hypervisors[hypervisor].probe({
    ...machine,
    vmlinux: kernelOf(guest),
    signal,
  });
  return [
    ...capabilities,
    guestSupport(guest),
    ...fileSupport(settings, shares),
    ...(scratch.kind === "ext4" ? [await scratchDiskSupport(scratch.directory, programs, signal)] : []),
    cgroupSupport(),
    systemdSupport(),
  ];
}

/** null when it is not there, which `guestSupport` tells. */
function kernelOf(guest: GuestChoice): string | null {
  try {
    return chosenKernel(guest);
  } catch {
    return null;
  }
}
