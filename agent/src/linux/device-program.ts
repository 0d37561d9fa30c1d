import type { DeviceRule } from "@runv/protocol";

/** Values of struct bpf_cgroup_dev_ctx.access_type (linux/bpf.h). */
const deviceTypes: Readonly<Record<string, number>> = { b: 1, c: 2 };
const accessBits: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };
const allAccess = 7;

/** Registers: the context, then its fields, then the access that no rule has decided yet. */
const context = 1;
const type = 2;
const major = 3;
const minor = 4;
const undecided = 5;
const result = 0;

/** Opcodes of eBPF (RFC 9669); K takes the immediate. */
const loadWord = 0x61;
const move32K = 0xb4;
const move32X = 0xbc;
const and32K = 0x54;
const shiftRight32K = 0x74;
const jumpAlways = 0x05;
const jumpEqualK = 0x15;
const jumpNotEqualK = 0x55;
const jumpSetK = 0x45;
const exit = 0x95;

interface Instruction {
  readonly opcode: number;
  readonly destination?: number;
  readonly source?: number;
  readonly offset?: number;
  readonly immediate?: number;
}

const prologue: readonly Instruction[] = [
  { opcode: loadWord, destination: type, source: context, offset: 0 },
  { opcode: move32X, destination: undecided, source: type },
  { opcode: shiftRight32K, destination: undecided, immediate: 16 },
  { opcode: and32K, destination: type, immediate: 0xffff },
  { opcode: loadWord, destination: major, source: context, offset: 4 },
  { opcode: loadWord, destination: minor, source: context, offset: 8 },
];

function answer(value: number): readonly Instruction[] {
  return [{ opcode: move32K, destination: result, immediate: value }, { opcode: exit }];
}

/**
 * A program of type BPF_PROG_TYPE_CGROUP_DEVICE: each of read, write and mknod is decided by the last rule that names the
 * device and it, as on version 1 cgroups; what no rule decides is denied.
 */
export function deviceProgram(rules: readonly DeviceRule[]): Uint8Array {
  const body = rules.toReversed().flatMap(ruleInstructions);
  return encode([...prologue, ...body, ...answer(0)]);
}

function ruleInstructions(rule: DeviceRule): readonly Instruction[] {
  const decision = rule.allow ? allowInstructions(accessOf(rule)) : denyInstructions(accessOf(rule));
  const conditions = [
    { register: type, wanted: deviceTypes[rule.type] },
    { register: major, wanted: rule.major < 0 ? undefined : rule.major },
    { register: minor, wanted: rule.minor < 0 ? undefined : rule.minor },
  ].flatMap(({ register, wanted }) => (wanted === undefined ? [] : [{ register, wanted }]));
  const tests = conditions.map(({ register, wanted }, index) => ({
    opcode: jumpNotEqualK,
    destination: register,
    offset: conditions.length - index - 1 + decision.length,
    immediate: wanted,
  }));
  return [...tests, ...decision];
}

/** Takes what is allowed from what is undecided; allows when nothing is left. */
function allowInstructions(access: number): readonly Instruction[] {
  const allowed = answer(1);
  return [
    { opcode: and32K, destination: undecided, immediate: allAccess & ~access },
    { opcode: jumpEqualK, destination: undecided, offset: 1, immediate: 0 },
    { opcode: jumpAlways, offset: allowed.length },
    ...allowed,
  ];
}

/** Denies when anything undecided is denied. */
function denyInstructions(access: number): readonly Instruction[] {
  const denied = answer(0);
  return [
    { opcode: jumpSetK, destination: undecided, offset: 1, immediate: access },
    { opcode: jumpAlways, offset: denied.length },
    ...denied,
  ];
}

function accessOf(rule: DeviceRule): number {
  if (rule.access === "") return allAccess;
  return Object.entries(accessBits).reduce(
    (bits, [letter, bit]) => (rule.access.includes(letter) ? bits | bit : bits),
    0,
  );
}

/** struct bpf_insn: opcode, registers (source in the high half), offset, immediate. */
function encode(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * 8);
  const view = new DataView(bytes.buffer);
  instructions.forEach(({ opcode, destination = 0, source = 0, offset = 0, immediate = 0 }, index) => {
    view.setUint8(index * 8, opcode);
    view.setUint8(index * 8 + 1, destination | (source << 4));
    view.setInt16(index * 8 + 2, offset, true);
    view.setInt32(index * 8 + 4, immediate, true);
  });
  return bytes;
}
