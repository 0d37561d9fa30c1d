import * as sys from "../sys.ts";
import { attempt } from "./system-error.ts";

const verbFd = 3;

/**
 * The descriptors behind the verb's that this program was started with: files meant for it, and what a careless caller has leaked through
 * the verb. To be called before anything is opened.
 */
export function inheritedDescriptors(): number[] {
  const open = sys.readdir("/proc/self/fd").map(Number);
  return open.filter((fd) => fd > verbFd && isOpen(fd));
}

export function closeDescriptors(fds: readonly number[]): void {
  for (const fd of fds) attempt(() => sys.close(fd));
}

/** The one through which the list was read is gone. */
function isOpen(fd: number): boolean {
  try {
    sys.fstat(fd);
    return true;
  } catch {
    return false;
  }
}
