import { totalmem } from "node:os";
import { RunvError } from "@runv/protocol/errors";

const bytesPerMib = 1_048_576;

/** All that this host has. */
export function hostMemoryMib(): number {
  return Math.floor(totalmem() / bytesPerMib);
}

/**
 * A guest's memory is taken from the host as the guest writes to it, so one that is far too large would start, and end somewhere.
 * @throws RunvError "resource-exhausted" for more than the host has in all
 */
export function checkMemory(memoryMib: number): void {
  const hostMib = hostMemoryMib();
  if (memoryMib <= hostMib) return;
  throw new RunvError(
    "resource-exhausted",
    `virtual machine: memory: ${memoryMib} MiB are asked for, and this host has ${hostMib} MiB (memory_mib in the configuration)`,
  );
}
