import type { DeviceRule } from "@runv/protocol";
import { expect, test } from "vitest";
import { deviceProgram } from "../../../agent/src/linux/device-program.ts";

const [mknod, read, write] = [1, 2, 4];
const [block, character] = [1, 2];

/** Runs a device program as the kernel does, for the instructions it uses. @returns whether the access is allowed */
function allows(
  program: Uint8Array,
  type: number,
  access: number,
  numbers: readonly [number, number],
): boolean {
  const view = new DataView(program.buffer);
  const context = [(access << 16) | type, ...numbers];
  const registers = new Array<number>(11).fill(0);
  for (let at = 0; at < program.length; at += 8) {
    const opcode = view.getUint8(at);
    const destination = view.getUint8(at + 1) & 15;
    const source = view.getUint8(at + 1) >> 4;
    const offset = view.getInt16(at + 2, true);
    const immediate = view.getInt32(at + 4, true);
    const value = registers[destination] ?? 0;
    const set = (result: number): void => void (registers[destination] = result >>> 0);
    const jump = (condition: boolean): void => void (at += condition ? offset * 8 : 0);
    if (opcode === 0x61) set(context[offset / 4] ?? 0);
    else if (opcode === 0xb4) set(immediate);
    else if (opcode === 0xbc) set(registers[source] ?? 0);
    else if (opcode === 0x54) set(value & immediate);
    else if (opcode === 0x74) set(value >>> immediate);
    else if (opcode === 0x05) jump(true);
    else if (opcode === 0x15) jump(value === immediate);
    else if (opcode === 0x55) jump(value !== immediate);
    else if (opcode === 0x45) jump((value & immediate) !== 0);
    else if (opcode === 0x95) return registers[0] === 1;
    else throw new Error(`unknown opcode ${opcode}`);
  }
  throw new Error("the program runs off its end");
}

const rule = (
  allow: boolean,
  type: string,
  numbers: readonly [number, number],
  access: string,
): DeviceRule => ({
  allow,
  type,
  major: numbers[0],
  minor: numbers[1],
  access,
});
const any = [-1, -1] as const;
const nullDevice = [1, 3] as const;

test("what no rule names is denied", () => {
  expect(allows(deviceProgram([]), character, read, [1, 3])).toBe(false);
});

test("the last rule that names a device decides", () => {
  const program = deviceProgram([rule(false, "a", any, "rwm"), rule(true, "c", nullDevice, "rwm")]);
  expect(allows(program, character, read | write, [1, 3])).toBe(true);
  expect(allows(program, character, read, [1, 5])).toBe(false);
  expect(allows(program, block, read, [1, 3])).toBe(false);
  const reversed = deviceProgram([rule(true, "c", nullDevice, "rwm"), rule(false, "a", any, "rwm")]);
  expect(allows(reversed, character, read, [1, 3])).toBe(false);
});

test("each kind of access is decided on its own", () => {
  const program = deviceProgram([rule(true, "c", [1, -1], "r"), rule(true, "c", nullDevice, "w")]);
  expect(allows(program, character, read | write, [1, 3])).toBe(true);
  expect(allows(program, character, read | write, [1, 5])).toBe(false);
  expect(allows(program, character, mknod, [1, 3])).toBe(false);
  const denied = deviceProgram([rule(true, "a", any, "rwm"), rule(false, "c", nullDevice, "w")]);
  expect(allows(denied, character, read, [1, 3])).toBe(true);
  expect(allows(denied, character, read | write, [1, 3])).toBe(false);
});

test("an empty access means all of it", () => {
  const program = deviceProgram([rule(true, "b", [8, 0], "")]);
  expect(allows(program, block, read | write | mknod, [8, 0])).toBe(true);
  expect(allows(program, block, read, [8, 1])).toBe(false);
});
