import { expect, test } from "vitest";
import { versionProblem } from "../../../../../runtime/src/hypervisor/qemu/version.ts";

test.each(["5.2.0", "5.10", "7.2.22", "10.0.1", "of an unknown version"])("%s will do", (version) => {
  expect(versionProblem(version)).toBeNull();
});

test.each(["2.12.0", "4.2.1", "5.1.0"])("%s is too old", (version) => {
  expect(versionProblem(version)).toBe(`this qemu-system-x86_64 is ${version}, and 5.2 or newer is needed`);
});
