import { readFile } from "./sys.ts";

const maxListBytes = 4096;

/** How many processors the guest has. */
export function processorCount(): number {
  return numbersOf(readFile("/sys/devices/system/cpu/online", maxListBytes)).length;
}

/** Of a list as the kernel writes it, "0-2,4\n" (cpuset(7), list format). */
export function numbersOf(list: string): number[] {
  return list
    .trim()
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_unused, index) => first + index);
    });
}
