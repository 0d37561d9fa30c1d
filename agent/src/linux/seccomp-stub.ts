import {
  archI386,
  archOffset,
  archX8664,
  encodeFilter,
  errnoAction,
  type Instruction,
  jumpAlways,
  jumpAtLeast,
  jumpEqual,
  jumpGreater,
  load,
  numberOffset,
  returnK,
  x32Bit,
} from "./classic-bpf.ts";

const ENOSYS = 38;

/** The greatest system call number that a profile names on each architecture of the guest; null: none, or not in the profile. */
export interface LastSyscalls {
  readonly x8664: number | null;
  readonly x32: number | null;
  readonly x86: number | null;
}

/**
 * What goes before a profile's program: system calls newer than all it names fail with ENOSYS, so that C libraries fall back to the
 * older ones that it allows. The rest goes on behind the stub (runc: libcontainer/seccomp/patchbpf).
 * @returns struct sock_filter[]; empty when there is nothing to refuse
 */
export function enosysStub(last: LastSyscalls): Uint8Array {
  const i386 = refuseAbove(last.x86);
  const amd64 = [
    // x32 has its bit in the number: what is above the last one of 64 bits includes all of it.
    ...(last.x8664 === null
      ? []
      : [[jumpAtLeast, 2, 0, x32Bit] satisfies Instruction, ...refuseAbove(last.x8664)]),
    ...refuseAbove(last.x32),
  ];
  const rest = section(archI386, i386, 0);
  const whole = [...section(archX8664, amd64, rest.length), ...rest];
  return whole.length === 0 ? new Uint8Array(0) : encodeFilter([[load, 0, 0, archOffset], ...whole]);
}

/** With the architecture loaded; leaves `following` instructions out at its end. */
function section(arch: number, body: readonly Instruction[], following: number): Instruction[] {
  if (body.length === 0) return [];
  const end: Instruction[] = following === 0 ? [] : [[jumpAlways, 0, 0, following]];
  const inside: Instruction[] = [[load, 0, 0, numberOffset], ...body, ...end];
  return [[jumpEqual, 0, inside.length, arch], ...inside];
}

/** With the number loaded. */
function refuseAbove(number: number | null): Instruction[] {
  if (number === null) return [];
  return [
    [jumpGreater, 0, 1, number],
    [returnK, 0, 0, errnoAction | ENOSYS],
  ];
}
