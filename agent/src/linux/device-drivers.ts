import { readFile } from "./sys.ts";

const maxListBytes = 65_536;
const miscMajor = 10;

/**
 * Whether something in this kernel is behind a device of that number (proc(5): /proc/devices, /proc/misc). A node without it can be made,
 * but not opened.
 * @param type "c", "u" or "b"
 */
export function hasDriver(type: string, major: number, minor: number): boolean {
  if (type !== "b" && major === miscMajor) return numbersIn(readFile("/proc/misc", maxListBytes)).has(minor);
  const [characters = "", blocks = ""] = readFile("/proc/devices", maxListBytes).split("Block devices:");
  return numbersIn(type === "b" ? blocks : characters).has(major);
}

function numbersIn(list: string): ReadonlySet<number> {
  const lines = list.split("\n").map((line) => /^\s*(\d+) /.exec(line)?.[1]);
  return new Set(lines.filter((number) => number !== undefined).map(Number));
}
