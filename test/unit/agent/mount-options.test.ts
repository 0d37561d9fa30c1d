import { expect, test } from "vitest";
import { keptFlags, parseMountOptions } from "../../../agent/src/linux/mount-options.ts";

test("flags, propagation and data are told apart", () => {
  expect(parseMountOptions(["nosuid", "noexec", "newinstance", "rslave", "mode=0620"])).toMatchObject({
    flags: 2 | 8,
    propagation: [(1 << 19) | 16384],
    data: "newinstance,mode=0620",
  });
});

test("a later option takes an earlier one back", () => {
  expect(parseMountOptions(["ro", "nodev", "rw"]).flags).toBe(4);
  expect(parseMountOptions(["rw", "ro"]).flags).toBe(1);
});

test("names of the object prototype are data", () => {
  expect(parseMountOptions(["constructor", "toString"])).toMatchObject({
    flags: 0,
    propagation: [],
    data: "constructor,toString",
  });
});

test("flags that options take away are known", () => {
  expect(parseMountOptions(["rw", "exec"])).toMatchObject({ flags: 0, cleared: 1 | 8 });
  expect(parseMountOptions(["exec", "noexec"])).toMatchObject({ flags: 8, cleared: 0 });
});

test("recursive options set and clear, and what is set counts", () => {
  const both = (...options: string[]) => {
    const { recursiveSet, recursiveClear } = parseMountOptions(options);
    return [recursiveSet, recursiveClear];
  };
  expect(both("rro", "rnosuid")).toEqual([1 | 2, 0]);
  expect(both("rrw", "rsuid")).toEqual([0, 1 | 2]);
  expect(both("rro", "rrw")).toEqual([1, 1]);
  // Ways to keep times are one field of three bits.
  expect(both("rstrictatime")).toEqual([0x20, 0x70]);
  expect(both("rnoatime", "rrelatime")).toEqual([0x10, 0x70]);
});

test("options for whoever makes the mount are no data", () => {
  expect(parseMountOptions(["rbind", "ridmap", "tmpcopyup", "size=1m"])).toMatchObject({
    data: "size=1m",
    copiesUp: true,
  });
});

test("flags that a remount repeats are those of mount(2)", () => {
  expect(keptFlags(1 | 2 | 4096 | 0x20)).toBe(1 | 2 | (1 << 21));
});
