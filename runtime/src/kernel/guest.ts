import { guestFile } from "../shared/installation.ts";

/** What a guest boots from. */
export interface Guest {
  /** ELF with a PVH entry. */
  readonly vmlinux: string;
  readonly initramfs: string;
  /** Added to the driver's own kernel command line. */
  readonly kernelParameters: readonly string[];
}

/** The kernel and initramfs that a container gets when it names none. @throws RunvError "unavailable" when they are not installed. */
export function defaultGuest(): Guest {
  return { vmlinux: guestFile("vmlinux"), initramfs: guestFile("initramfs.cpio"), kernelParameters: [] };
}
