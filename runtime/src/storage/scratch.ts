import { closeSync, ftruncateSync, mkdirSync, openSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { RunvError } from "@runv/protocol/errors";
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
    for (const extent of template.extents)
      writeSync(descriptor, extent.data, 0, extent.data.length, extent.offsetBytes);
  } catch (cause) {
    closeSync(descriptor);
    throw scratchError(options.directory, cause);
  }
  return { descriptor, filesystem: "ext4", sizeBytes };
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
  const code =
    cause instanceof Error &&
    "code" in cause &&
    (cause.code === "ENOSPC" || cause.code === "EDQUOT" || cause.code === "EMFILE")
      ? "resource-exhausted"
      : "internal";
  return new RunvError(
    code,
    `scratch disk: ${directory}: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );
}
