import { availableMemoryBytes, totalMemoryBytes } from "../memory.ts";
import { readFile } from "../sys.ts";

const maxNumberBytes = 64;
/** How deep version 2 cgroups can be below a container's outer one, and how many there can be: a tree that can be walked. */
export const maxDepth = 65;
export const maxDescendants = 4096;
/** For the kernel, the agent and what it forks to look after containers. */
const reservedThreads = 128;
/** What containers leave of the memory that is there before the first. */
const reservedMemoryBytes = 8 << 20;
/** Of memory that is added: a 64th is page structures, which come out of what was there before, and the kernel keeps more free. */
const usableShare = 31 / 32;
let availableBytes = 0;
let totalBytes = 0;

/** To be called before there are containers. */
export function noteAvailableMemory(): void {
  availableBytes = availableMemoryBytes();
  totalBytes = totalMemoryBytes();
}

/** To be called when memory may have been added. */
export function noteAddedMemory(): void {
  const addedBytes = totalMemoryBytes() - totalBytes;
  totalBytes += addedBytes;
  availableBytes += Math.floor(addedBytes * usableShare);
}

/**
 * What a container may have at most, so that the agent has what it needs to look after it, whatever processes in there do: threads to fork,
 * and memory (also what a tmpfs holds, which no OOM kill gives back).
 */
export function mostForContainer(): { readonly threads: number; readonly memoryBytes: number } {
  const threads = Number(readFile("/proc/sys/kernel/threads-max", maxNumberBytes));
  return {
    threads: Math.max(threads - reservedThreads, 1),
    memoryBytes: Math.max(availableBytes - reservedMemoryBytes, reservedMemoryBytes),
  };
}
