import { accessSync, constants, readFileSync } from "node:fs";
import { errorMessage, RunvError } from "@runv/protocol/errors";
import type { Accel } from "../../config/choices.ts";

export type QemuAccel = "kvm" | "tcg";

const kvmDevice = "/dev/kvm";
const withoutVirtualisation = "the CPU reports no hardware virtualisation (vmx or svm in /proc/cpuinfo)";

/**
 * What KVM's part of the emulator says before it stops the guest with the run state `internal-error`: accel/kvm/kvm-all.c and
 * target/i386/kvm/kvm.c. The emulator itself stays, waiting for orders.
 */
export const failureMarks: readonly string[] = [
  "KVM internal error",
  "KVM: entry failed",
  "KVM: unknown exit",
  "error: kvm run failed",
];

/**
 * Chooses between hardware virtualisation and emulation. A host can have /dev/kvm on a CPU without virtualisation (a nested,
 * paravirtual KVM): stock kernels fail there, so the CPU's flags count as well, unless KVM is asked for by name.
 * @throws RunvError "unavailable" when KVM was asked for by name and its device cannot be opened.
 */
export function chooseAccel(wanted: Accel): QemuAccel {
  if (wanted === "auto") return kvmProblem() === null ? "kvm" : "tcg";
  const problem = wanted === "kvm" ? deviceProblem() : null;
  if (problem === null) return wanted;
  throw new RunvError("unavailable", `accelerator: kvm: ${problem} (use accel=tcg for software emulation)`);
}

/** What may be to blame when a guest does not come up that was started so; empty: nothing that is known. */
export function accelDoubt(accel: QemuAccel): string {
  if (accel !== "kvm" || cpuFlag() !== null) return "";
  return `${withoutVirtualisation}, without which guests end with an internal error of KVM, or hang (use accel=tcg)`;
}

/** What to tell the user of a choice that nobody made; empty: nothing. */
export function accelNotice(wanted: Accel, accel: QemuAccel): string {
  if (wanted !== "auto" || accel !== "tcg") return "";
  return `accelerator: virtual machines are emulated, and slow: ${kvmProblem() ?? ""} (said once; accel=tcg in the configuration says that it is meant)`;
}

/** Why KVM cannot be used; null when it can. */
export function kvmProblem(): string | null {
  return deviceProblem() ?? (cpuFlag() === null ? withoutVirtualisation : null);
}

/** The command that brings /dev/kvm; null where the CPU, as this host sees it, has no hardware virtualisation. */
export function kvmRemedy(): string | null {
  const flag = cpuFlag();
  return flag === null ? null : `modprobe ${flag === "vmx" ? "kvm_intel" : "kvm_amd"}`;
}

function deviceProblem(): string | null {
  try {
    accessSync(kvmDevice, constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    return `${kvmDevice} cannot be opened: ${errorMessage(error)}`;
  }
}

function cpuFlag(): string | null {
  return /^flags\s*:.*\b(vmx|svm)\b/m.exec(readFileSync("/proc/cpuinfo", "latin1"))?.[1] ?? null;
}
