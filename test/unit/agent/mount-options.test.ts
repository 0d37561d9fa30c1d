import { expect, test } from "vitest";
import { parseMountOptions } from "../../../agent/src/linux/mount-options.ts";

test("flags, propagation and data are told apart", () => {
  expect(parseMountOptions(["nosuid", "noexec", "newinstance", "rslave", "mode=0620"])).toEqual({
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
  expect(parseMountOptions(["constructor", "toString"])).toEqual({
    flags: 0,
    propagation: [],
    data: "constructor,toString",
  });
});
