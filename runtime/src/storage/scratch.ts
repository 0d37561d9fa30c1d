import { closeSync, constants, ftruncateSync, mkdirSync, openSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { RunvError } from "@runv/protocol/errors";
import { hostFailure, systemErrorCode } from "../shared/system-error.ts";
import { sweepTransients, transientName } from "../shared/transient.ts";
import { loadTemplate, type TemplateOptions } from "./scratch-template.ts";

/** Where what the container writes goes, in the guest. */
export type ScratchOptions =
  | { readonly kind: "ext4"; readonly sizeMib: number; readonly directory: string }
  | { readonly kind: "tmpfs"; readonly sizeMib: number };

export interface ScratchDisk {
  readonly descriptor: number;
  readonly filesystem: "ext4";
  readonly sizeBytes: number;
}

/** open(2): O_TMPFILE, which Node does not name. */
const openNamelessFile = 0o20000000 | constants.O_DIRECTORY;
/** File systems that cannot (overlayfs before Linux 6.1, NFS) say so in one of these ways. */
const cannotBeNameless: readonly string[] = ["EOPNOTSUPP", "ENOTSUP", "EISDIR", "EINVAL"];

/**
 * A sparse, formatted raw disk without a name, so that the space is given back with its last descriptor, whoever dies and how. The
 * caller closes the descriptor.
 * @throws RunvError "resource-exhausted" when the host's disk is full, "unavailable" without mke2fs or qemu-img.
 */
export async function createScratchDisk(options: TemplateOptions): Promise<ScratchDisk> {
  const sizeBytes = options.sizeMib * 1_048_576;
  prepareDirectory(options.directory);
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

function prepareDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    sweepTransients(directory);
  } catch (cause) {
    throw scratchError(directory, cause);
  }
}

function openNameless(directory: string): number {
  try {
    return openSync(directory, openNamelessFile | constants.O_RDWR, 0o600);
  } catch (cause) {
    if (!cannotBeNameless.includes(systemErrorCode(cause) ?? "")) throw scratchError(directory, cause);
    return openUnlinked(directory);
  }
}

/** A verb that is killed between the two calls leaves an empty file, which the next one sweeps away. */
function openUnlinked(directory: string): number {
  try {
    const path = join(directory, `${transientName()}.raw`);
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
