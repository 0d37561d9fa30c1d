import { closeSync, ftruncateSync, mkdirSync, openSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { RunvError } from "@runv/protocol/errors";
import { hostFailure } from "../shared/system-error.ts";
import { loadTemplate } from "./scratch-template.ts";

/** Where scratch disks live: a disk, not a tmpfs, because the guest may fill them. */
export const defaultScratchDirectory = "/var/lib/runv/scratch";

export interface ScratchDisk {
  readonly descriptor: number;
  readonly filesystem: "ext4";
  readonly sizeBytes: number;
}

/**
 * A sparse, formatted raw disk without a name: the file is unlinked at once, so the space is given back with its last
 * descriptor, whoever dies and how. The caller closes the descriptor.
 * @throws RunvError "resource-exhausted" when the host's disk is full, "unavailable" without mke2fs.
 */
export async function createScratchDisk(options: {
  readonly sizeMib: number;
  readonly directory: string;
  readonly signal: AbortSignal;
}): Promise<ScratchDisk> {
  const sizeBytes = options.sizeMib * 1_048_576;
  const template = await loadTemplate(options);
  const descriptor = openNameless(options.directory);
  try {
    ftruncateSync(descriptor, sizeBytes);
    for (const extent of template.extents) writeAt(descriptor, extent.data, extent.offsetBytes);
  } catch (cause) {
    closeSync(descriptor);
    throw scratchError(options.directory, cause);
  }
  return { descriptor, filesystem: "ext4", sizeBytes };
}

/** A disk that fills up takes a part first, and fails with the next call. */
function writeAt(descriptor: number, data: Uint8Array, offsetBytes: number): void {
  for (let done = 0; done < data.length; )
    done += writeSync(descriptor, data, done, data.length - done, offsetBytes + done);
}

function openNameless(directory: string): number {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, `${process.pid}-${process.hrtime.bigint()}.raw`);
    const descriptor = openSync(path, "wx+", 0o600);
    unlinkSync(path);
    return descriptor;
  } catch (cause) {
    throw scratchError(directory, cause);
  }
}

function scratchError(directory: string, cause: unknown): RunvError {
  return hostFailure(`scratch disk: ${directory}`, cause);
}
