import { describe, expect, test } from "vitest";
import { encodeFilter } from "../../../agent/src/linux/classic-bpf.ts";
import { enosysStub, type LastSyscalls } from "../../../agent/src/linux/seccomp-stub.ts";
import { i386, verdict, x8664 } from "../../harness/classic-bpf.ts";

const enosys = 0x00050000 | 38;
const behind = 4711;
const x32Bit = 0x40000000;
const arm64 = 0xc00000b7;
const none: LastSyscalls = { x8664: null, x32: null, x86: null };

/** The stub and a program that answers `behind` to all that reaches it. */
function withProgram(last: Partial<LastSyscalls>): Uint8Array {
  const [stub, program] = [enosysStub({ ...none, ...last }), encodeFilter([[0x06, 0, 0, behind]])];
  return Uint8Array.from([...stub, ...program]);
}

function answer(last: Partial<LastSyscalls>, arch: number, number: number): number {
  return verdict(withProgram(last), { arch, number });
}

test("without a system call there is no stub", () => {
  expect(enosysStub(none)).toHaveLength(0);
});

describe.each<[string, Partial<LastSyscalls>]>([
  ["one architecture", { x8664: 400 }],
  ["one architecture, and that of 32 bits", { x8664: 400, x86: 300 }],
  ["all", { x8664: 400, x32: x32Bit + 350, x86: 300 }],
  ["those that share AUDIT_ARCH_X86_64", { x8664: 400, x32: x32Bit + 350 }],
  ["x32 alone", { x32: x32Bit + 350 }],
  ["32 bits alone", { x86: 300 }],
])("%s", (_what, last) => {
  test("the last system call and all before it go on, what is newer does not exist", () => {
    const { x8664: last64 = null, x32 = null, x86 = null } = last;
    for (const [arch, first, newest, greatest] of [
      [x8664, 0, last64, x32Bit - 1],
      [x8664, x32Bit, x32, 0xffffffff],
      [i386, 0, x86, 0xffffffff],
    ] as const) {
      expect(answer(last, arch, first)).toBe(behind);
      if (newest !== null) expect(answer(last, arch, newest)).toBe(behind);
      expect(answer(last, arch, newest === null ? greatest : newest + 1)).toBe(
        newest === null ? behind : enosys,
      );
      expect(answer(last, arch, greatest)).toBe(newest === null ? behind : enosys);
    }
  });

  test("another architecture goes on", () => {
    expect(answer(last, arm64, 1000)).toBe(behind);
  });
});
