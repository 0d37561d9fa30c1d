import { accessSync, constants, readFileSync } from "node:fs";
import { errorMessage, RunvError } from "@runv/protocol/errors";
import type { Accel } from "../../config/choices.ts";

export type QemuAccel = "kvm" | "tcg";

const kvmDevice = "/dev/kvm";

/**
 * Chooses between hardware virtualisation and emulation. A host can have /dev/kvm on a CPU without virtualisation (a nested,
 * paravirtual KVM): stock kernels fail there, so the CPU's flags count as well.
 * @throws RunvError "unavailable" when KVM was asked for by name and is not there.
 */
export function chooseAccel(wanted: Accel): QemuAccel {
  if (wanted === "tcg") return "tcg";
  const problem = kvmProblem();
  if (problem === null) return "kvm";
  if (wanted === "kvm")
    throw new RunvError("unavailable", `accelerator: kvm: ${problem} (use accel=tcg for software emulation)`);
  return "tcg";
}

/** Why KVM cannot be used; null when it can. */
export function kvmProblem(): string | null {
  try {
    accessSync(kvmDevice, constants.R_OK | constants.W_OK);
  } catch (error) {
    return `${kvmDevice} cannot be opened: ${errorMessage(error)}`;
  }
  if (!/^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync("/proc/cpuinfo", "latin1"))) {
    return "the CPU reports no hardware virtualisation (vmx or svm in /proc/cpuinfo)";
  }
  return null;
}

/** The command that brings /dev/kvm; null where the CPU, as this host sees it, has no hardware virtualisation. */
export function kvmRemedy(): string | null {
  const [, flag] = /^flags\s*:.*\b(vmx|svm)\b/m.exec(readFileSync("/proc/cpuinfo", "latin1")) ?? [];
  return flag === undefined ? null : `modprobe ${flag === "vmx" ? "kvm_intel" : "kvm_amd"}`;
}
