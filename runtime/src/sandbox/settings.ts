import { RunvError } from "@runv/protocol/errors";
import type { Accel, CarrierChoice } from "../hypervisor/hypervisor.ts";
import type { BootOptions } from "../sandbox/boot.ts";
import { defaultScratchBytes } from "../shared/defaults.ts";
import { defaultBootTimeoutMs } from "../shared/limits.ts";
import { defaultScratchDirectory } from "../storage/scratch.ts";

const bytesPerMib = 1_048_576;
const minScratchMib = 16;
const maxScratchMib = 16 * 1_048_576;
const minBootTimeoutMs = 100;
const maxBootTimeoutMs = 3_600_000;

/** How VMs are made, from the environment: what the operator of the host decides. */
export function bootSettings(
  env: NodeJS.ProcessEnv = process.env,
): Pick<BootOptions, "accel" | "carrier" | "scratch" | "bootTimeoutMs"> {
  const sizeMib = whole("RUNV_SCRATCH_MIB", env["RUNV_SCRATCH_MIB"], {
    fallback: defaultScratchBytes / bytesPerMib,
    min: minScratchMib,
    max: maxScratchMib,
  });
  const kind = choice<"ext4" | "tmpfs">("RUNV_SCRATCH", env["RUNV_SCRATCH"] ?? "ext4", ["ext4", "tmpfs"]);
  const directory = env["RUNV_SCRATCH_DIR"] ?? defaultScratchDirectory;
  return {
    accel: choice<Accel>("RUNV_ACCEL", env["RUNV_ACCEL"] ?? "auto", ["auto", "kvm", "tcg"]),
    carrier: choice<CarrierChoice>("RUNV_CARRIER", env["RUNV_CARRIER"] ?? "auto", [
      "auto",
      "vhost-vsock",
      "vhost-user-vsock",
    ]),
    bootTimeoutMs: whole("RUNV_BOOT_TIMEOUT_MS", env["RUNV_BOOT_TIMEOUT_MS"], {
      fallback: defaultBootTimeoutMs,
      min: minBootTimeoutMs,
      max: maxBootTimeoutMs,
    }),
    scratch:
      kind === "tmpfs"
        ? { kind, sizeMib: env["RUNV_SCRATCH_MIB"] === undefined ? 0 : sizeMib }
        : { kind, sizeMib, directory },
  };
}

function choice<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined)
    throw new RunvError(
      "invalid-argument",
      `${name}: ${JSON.stringify(value)} is none of ${allowed.join(", ")}`,
    );
  return found;
}

function whole(
  name: string,
  value: string | undefined,
  bounds: { readonly fallback: number; readonly min: number; readonly max: number },
): number {
  if (value === undefined) return bounds.fallback;
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= bounds.min && number <= bounds.max) return number;
  throw new RunvError(
    "invalid-argument",
    `${name}: ${JSON.stringify(value)} is no number from ${bounds.min} to ${bounds.max}`,
  );
}
