import { closeSync, openSync, readSync } from "node:fs";
import { errorMessage, RunvError } from "@runv/protocol/errors";
import { readBzImage } from "./bz-image.ts";
import { readElfKernel } from "./elf-kernel.ts";
import type { KernelImage, ReadAt } from "./image-facts.ts";

/**
 * Looks at the headers and the read-only data of a kernel's file: 1 MB, not all of it.
 * @throws RunvError "unavailable" when it cannot be read, or a virtual machine cannot be started from it
 */
export function kernelImage(path: string): KernelImage {
  const descriptor = open(path);
  try {
    return parse(reader(descriptor));
  } catch (error) {
    throw unusable(path, error);
  } finally {
    closeSync(descriptor);
  }
}

function parse(readAt: ReadAt): KernelImage {
  const image = readElfKernel(readAt) ?? readBzImage(readAt);
  if (image === null) throw new RunvError("unavailable", "not a kernel: neither an ELF file nor a bzImage");
  return image;
}

function open(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw unusable(path, error);
  }
}

function reader(descriptor: number): ReadAt {
  return (offset, length) => {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset));
  };
}

function unusable(path: string, cause: unknown): RunvError {
  return new RunvError("unavailable", `guest kernel: ${path}: ${errorMessage(cause)}`, { cause });
}
