/** The emulator, as every distribution names it. */
export const program = "qemu-system-x86_64";
export const debianPackage = "qemu-system-x86";
