/** A system call as a filter sees it (struct seccomp_data). */
export interface FilteredCall {
  /** AUDIT_ARCH_* */
  readonly arch: number;
  readonly number: number;
  /** u64 each; absent ones are 0. */
  readonly args?: readonly (number | bigint)[];
}

/** AUDIT_ARCH_* (linux/audit.h). */
export const [x8664, i386] = [0xc000003e, 0x40000003];

const argumentsOffset = 16;

/** Runs a filter of seccomp(2) as the kernel does, for the instructions that filters here use. @returns SECCOMP_RET_*, with its data */
export function verdict(program: Uint8Array, call: FilteredCall): number {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const data = wordsOf(call);
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 8) {
    const [code, k] = [view.getUint16(at, true), view.getUint32(at + 4, true)];
    const jump = (condition: boolean): void => void (at += 8 * view.getUint8(at + (condition ? 2 : 3)));
    if (code === 0x20) accumulator = data[k] ?? Number.NaN;
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x05) at += 8 * k;
    else if (code === 0x15) jump(accumulator === k);
    else if (code === 0x25) jump(accumulator > k);
    else if (code === 0x35) jump(accumulator >= k);
    else if (code === 0x45) jump((accumulator & k) !== 0);
    else if (code === 0x06) return k;
    else throw new Error(`unknown code ${code}`);
  }
  throw new Error("the filter runs off its end");
}

/** By offset. */
function wordsOf({ arch, number, args = [] }: FilteredCall): Readonly<Record<number, number>> {
  const data: Record<number, number> = { 0: number >>> 0, 4: arch };
  for (let index = 0; index < 6; index++) {
    const value = BigInt.asUintN(64, BigInt(args[index] ?? 0));
    data[argumentsOffset + 8 * index] = Number(value & 0xffffffffn);
    data[argumentsOffset + 8 * index + 4] = Number(value >> 32n);
  }
  return data;
}
