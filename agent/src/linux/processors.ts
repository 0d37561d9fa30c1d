import { step } from "./errno.ts";
import { readFile, writeFile } from "./sys.ts";

/** Linux: Documentation/ABI/testing/sysfs-devices-system-cpu. */
const directory = "/sys/devices/system/cpu";
const maxListBytes = 4096;

/** How many processors the guest has. */
export function processorCount(): number {
  return processors("online").length;
}

/** Numbers of those that the machine has besides. */
export function spareProcessors(): number[] {
  const online = new Set(processors("online"));
  return processors("present").filter((number) => !online.has(number));
}

/** From now on programs run there. */
export function addProcessor(number: number): void {
  step("virtual machine: add a processor", () => writeFile(`${directory}/cpu${number}/online`, "1"));
}

function processors(which: "online" | "present"): number[] {
  return numbersOf(readFile(`${directory}/${which}`, maxListBytes));
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
