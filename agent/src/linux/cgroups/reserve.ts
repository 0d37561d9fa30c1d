import { readFile } from "../sys.ts";

const maxNumberBytes = 64;
/** For the kernel, the agent and what it forks to look after containers. */
const reservedThreads = 128;
/** What containers leave of the memory that is there before the first, and of what is added later. */
const reservedMemoryBytes = 8 << 20;
let availableBytes = 0;

/** To be told of memory that no container has: of all before there are containers, and then of what is added. */
export function noteAvailableMemory(bytes: number): void {
  availableBytes += bytes;
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
