import { existsSync } from "node:fs";
import { RunvError } from "@runv/protocol/errors";
import { guestFile } from "../shared/installation.ts";
import { kernelImage } from "./image.ts";
import type { KernelImage } from "./image-facts.ts";

/** What a guest boots from. */
export interface Guest {
  /** ELF with a PVH entry, or bzImage. */
  readonly vmlinux: string;
  readonly image: KernelImage;
  readonly initramfs: string;
  /** Added to the driver's own kernel command line. */
  readonly kernelParameters: readonly string[];
}

/** What the configuration or the container has chosen. */
export interface GuestChoice {
  /** Absolute path of a kernel, or the name of one below kernels/ in the guest directory; null: the default. */
  readonly kernel: string | null;
  /** null: where runv looks. */
  readonly directory: string | null;
  /** Added to the driver's own kernel command line. */
  readonly parameters: readonly string[];
}

/** @throws RunvError "unavailable" with the places looked at when a file is not there, or is no kernel. */
export function chosenGuest(choice: GuestChoice): Guest {
  const vmlinux = chosenKernel(choice);
  return {
    vmlinux,
    image: kernelImage(vmlinux),
    initramfs: guestFile("initramfs.cpio", choice.directory),
    kernelParameters: choice.parameters,
  };
}

/** Path of the kernel; nothing of it is read. @throws RunvError "unavailable" with the places looked at when it is not there */
export function chosenKernel({ kernel, directory }: Pick<GuestChoice, "kernel" | "directory">): string {
  if (kernel === null) return guestFile("vmlinux", directory);
  if (!kernel.startsWith("/")) return guestFile(`kernels/${kernel}/vmlinux`, directory);
  if (!existsSync(kernel)) throw new RunvError("unavailable", `guest kernel: no such file: ${kernel}`);
  return kernel;
}
