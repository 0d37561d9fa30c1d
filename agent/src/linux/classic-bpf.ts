/** Classic BPF (linux/filter.h) as seccomp(2) takes it: programs over a struct seccomp_data. */

/** Load a word, compare with a constant, go on elsewhere, return. */
export const load = 0x20;
export const jumpAlways = 0x05;
export const jumpEqual = 0x15;
export const jumpGreater = 0x25;
export const jumpAtLeast = 0x35;
export const returnK = 0x06;

/** Offsets in struct seccomp_data. */
export const numberOffset = 0;
export const archOffset = 4;
export const firstArgumentOffset = 16;

/** AUDIT_ARCH_* (linux/audit.h), and the bit of x32's numbers (asm/unistd.h). */
export const archX8664 = 0xc000003e;
export const archI386 = 0x40000003;
export const x32Bit = 0x40000000;

/** SECCOMP_RET_* (linux/seccomp.h). */
export const allow = 0x7fff0000;
export const errnoAction = 0x00050000;

/** BPF_MAXINSNS (linux/bpf_common.h): what the kernel takes. */
export const maxInstructions = 4096;
export const instructionBytes = 8;

export type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, k: number];

/** @returns struct sock_filter[] */
export function encodeFilter(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * instructionBytes);
  const view = new DataView(bytes.buffer);
  instructions.forEach(([code, ifTrue, ifFalse, k], index) => {
    const at = index * instructionBytes;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, k, true);
  });
  return bytes;
}
