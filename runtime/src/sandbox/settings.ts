import { programNames } from "../config/choices.ts";
import type { Settings } from "../config/settings.ts";
import type { GuestChoice } from "../kernel/guest.ts";
import { defaultScratchBytes } from "../shared/defaults.ts";
import type { ProgramPaths } from "../shared/installation.ts";
import type { ScratchOptions } from "../storage/scratch.ts";
import type { BootOptions } from "./boot.ts";
import type { MachineSettings } from "./machine-plan.ts";
import type { StorageSettings } from "./storage-plan.ts";

const bytesPerMib = 1_048_576;

/** How a VM is made, in the sandbox's words. */
export function bootSettings(
  settings: Settings,
): Pick<BootOptions, "hypervisor" | "machine" | "cgroupVersion" | "bootTimeoutMs"> & MachineSettings {
  const { hypervisor, accel, machine, carrier } = settings;
  return {
    hypervisor,
    machine: {
      accel,
      machine,
      carrier,
      programs: programPaths(settings),
      hypervisorParameters: settings.hypervisor_parameters,
    },
    guest: guestChoice(settings),
    size: {
      memoryMib: settings.memory_mib,
      vcpuCount: settings.vcpus,
      defaultMemoryMib: settings.default_memory_mib,
      defaultVcpuCount: settings.default_vcpus,
      maxVcpuCount: settings.max_vcpus,
      spareMemoryMib: settings.spare_memory_mib,
      spareVcpuCount: settings.spare_vcpus,
    },
    cgroupVersion: settings.cgroup_version,
    bootTimeoutMs: settings.boot_timeout_ms,
  };
}

/** Where files are, in the words of the storage plan. */
export function storageSettings(settings: Settings): StorageSettings {
  return {
    hypervisor: settings.hypervisor,
    programs: programPaths(settings),
    guest: guestChoice(settings),
    rootfs: settings.rootfs,
    blockWrites: settings.block_writes,
    volumes: settings.volumes,
    cache: settings.share_cache,
    scratch: scratchOptions(settings),
  };
}

function guestChoice({ kernel, guest_dir, kernel_parameters }: Settings): GuestChoice {
  return { kernel, directory: guest_dir, parameters: kernel_parameters };
}

/** A tmpfs of size 0 takes what tmpfs(5) gives: half of the memory. */
function scratchOptions(settings: Settings): ScratchOptions {
  const mib = settings["scratch.mib"];
  if (settings["scratch.kind"] === "tmpfs") return { kind: "tmpfs", sizeMib: mib ?? 0 };
  const sizeMib = mib ?? defaultScratchBytes / bytesPerMib;
  return { kind: "ext4", sizeMib, directory: settings["scratch.dir"] };
}

function programPaths(settings: Settings): ProgramPaths {
  const paths: Record<string, string> = {};
  for (const name of programNames) {
    const path = settings[`programs.${name}`];
    if (path !== null) paths[name] = path;
  }
  return paths;
}
