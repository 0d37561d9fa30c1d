import { RunvError } from "@runv/protocol/errors";
import type { VmSpec } from "../hypervisor.ts";
import { type Machine, machineNamed } from "./machines.ts";

/** How many virtio devices a microvm has places for: QEMU's hw/i386/microvm.c, without ACPI. */
const microvmDevices = 8;
/** Kernels before it know nothing of PCI Express that a guest would need. */
const firstMajorForQ35 = 3;

type Request = Pick<VmSpec, "machine" | "carrier" | "disks" | "share" | "guest">;

/**
 * The machine asked for; with `auto` the one that starts fastest of those that the guest's kernel and what is attached can do with.
 * @throws RunvError "unsupported" when the machine asked for by name is known not to do
 */
export function chooseMachine(request: Request): Machine {
  if (request.machine === "auto") return machineNamed(bestMachine(request));
  const problem = request.machine === "microvm" ? microvmProblem(request) : null;
  if (problem === null) return machineNamed(request.machine);
  throw new RunvError("unsupported", `machine: ${request.machine}: ${problem} (use machine=auto)`);
}

function bestMachine(request: Request): Machine["name"] {
  const { virtioMmio, release } = request.guest.image;
  // Of a kernel that does not say what it can, PCI is expected.
  if (virtioMmio === true && microvmProblem(request) === null) return "microvm";
  const [major] = /^\d+/.exec(release) ?? [];
  return major !== undefined && Number(major) < firstMajorForQ35 ? "pc" : "q35";
}

function microvmProblem(request: Request): string | null {
  if (request.guest.image.virtioMmio === false)
    return `the guest kernel has no CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES: ${request.guest.vmlinux}`;
  if (request.carrier === "isa-serial")
    return "its one serial port is the console, and the carrier isa-serial needs another";
  const devices = deviceCount(request);
  return devices > microvmDevices
    ? `it has places for ${microvmDevices} devices, and ${devices} are needed`
    : null;
}

/** Entropy and carrier, and what the container brings. */
function deviceCount({ disks, share }: Request): number {
  return 2 + disks.length + (share === null ? 0 : 1);
}
