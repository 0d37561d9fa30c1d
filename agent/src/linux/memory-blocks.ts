import type { MemoryRange } from "@runv/protocol";
import { step } from "./errno.ts";
import { statIfThere } from "./paths.ts";
import { readFile, writeFile } from "./sys.ts";

/** Linux: Documentation/admin-guide/mm/memory-hotplug.rst. */
const directory = "/sys/devices/system/memory";
const bytesPerMib = 1_048_576;
const maxNumberBytes = 64;
const maxStateBytes = 64;

/** Memory as the kernel adds it to what it has. */
export interface MemoryBlock {
  /** Physical address. */
  readonly start: number;
  readonly sizeBytes: number;
  /** Programs can have it. */
  readonly isOnline: boolean;
}

/** The blocks that lie wholly in these ranges; none where the kernel cannot add any. */
export function blocksIn(ranges: readonly MemoryRange[]): MemoryBlock[] {
  if (ranges.length === 0 || statIfThere(`${directory}/probe`) === null) return [];
  const sizeBytes = Number.parseInt(readFile(`${directory}/block_size_bytes`, maxNumberBytes), 16);
  return ranges.flatMap(({ startMib, sizeMib }) => {
    const first = Math.ceil((startMib * bytesPerMib) / sizeBytes);
    const end = Math.floor(((startMib + sizeMib) * bytesPerMib) / sizeBytes);
    return Array.from({ length: Math.max(end - first, 0) }, (_unused, index) => {
      const number = first + index;
      return {
        start: number * sizeBytes,
        sizeBytes,
        isOnline: isOnline(number),
      };
    });
  });
}

/** From now on programs can have it. */
export function addBlock({ start, sizeBytes }: MemoryBlock): void {
  step("virtual machine: add memory", () => {
    const number = start / sizeBytes;
    if (statIfThere(blockDirectory(number)) === null)
      writeFile(`${directory}/probe`, `0x${start.toString(16)}`);
    // Where the kernel was told to use all memory at once, it does so already.
    if (!isOnline(number)) writeFile(`${blockDirectory(number)}/state`, "online");
  });
}

function isOnline(number: number): boolean {
  const state = `${blockDirectory(number)}/state`;
  return statIfThere(state) !== null && readFile(state, maxStateBytes).trim() === "online";
}

function blockDirectory(number: number): string {
  return `${directory}/memory${number}`;
}
