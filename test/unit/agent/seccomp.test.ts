import { expect, test } from "vitest";
import { containerFilter, ioUringMakesSockets } from "../../../agent/src/linux/seccomp.ts";

const allow = 0x7fff0000;
const errno = (number: number): number => 0x00050000 | number;
const [EPERM, ENOSYS, EAFNOSUPPORT] = [1, 38, 97];
const [x8664, i386] = [0xc000003e, 0x40000003];
const [AF_UNIX, AF_VSOCK] = [1, 40];

/** Runs a filter as the kernel does, for the instructions it uses. */
function verdict(filter: Uint8Array, arch: number, number: number, firstArgument: number): number {
  const view = new DataView(filter.buffer);
  const data: Record<number, number> = { 0: number >>> 0, 4: arch, 16: firstArgument >>> 0 };
  let accumulator = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const [code, k] = [view.getUint16(at, true), view.getUint32(at + 4, true)];
    const jump = (condition: boolean): void => void (at += 8 * view.getUint8(at + (condition ? 2 : 3)));
    if (code === 0x20) accumulator = data[k] ?? Number.NaN;
    else if (code === 0x15) jump(accumulator === k);
    else if (code === 0x35) jump(accumulator >= k);
    else if (code === 0x06) return k;
    else throw new Error(`unknown code ${code}`);
  }
  throw new Error("the filter runs off its end");
}

const filter = containerFilter({ allowVsock: false, ringsMakeSockets: true });

test("AF_VSOCK sockets are refused, others are not", () => {
  expect(verdict(filter, x8664, 41, AF_VSOCK)).toBe(errno(EAFNOSUPPORT));
  expect(verdict(filter, x8664, 41, AF_UNIX)).toBe(allow);
  expect(verdict(filter, i386, 359, AF_VSOCK)).toBe(errno(EAFNOSUPPORT));
  expect(verdict(filter, i386, 359, AF_UNIX)).toBe(allow);
});

test("the ways around socket(2) are closed", () => {
  expect(verdict(filter, i386, 102, 1)).toBe(errno(EAFNOSUPPORT));
  expect(verdict(filter, i386, 102, 3)).toBe(allow);
  expect(verdict(filter, x8664, 0x40000000 | 41, AF_UNIX)).toBe(errno(ENOSYS));
  expect(verdict(filter, x8664, 425, 1)).toBe(errno(ENOSYS));
  expect(verdict(filter, i386, 425, 1)).toBe(errno(ENOSYS));
  expect(verdict(filter, 0xc00000b7, 198, AF_UNIX)).toBe(errno(ENOSYS));
});

test("io_uring stays where it cannot make sockets", () => {
  const older = containerFilter({ allowVsock: false, ringsMakeSockets: false });
  for (const arch of [x8664, i386]) expect(verdict(older, arch, 425, 1)).toBe(allow);
  expect(["5.18.0", "5.19.1-runv", "6.1.0", "2.6.32"].map(ioUringMakesSockets)).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test("files are not opened by handle, whatever the host allows", () => {
  for (const allowVsock of [false, true]) {
    const either = containerFilter({ allowVsock, ringsMakeSockets: true });
    expect(verdict(either, x8664, 304, 3)).toBe(errno(EPERM));
    expect(verdict(either, i386, 342, 3)).toBe(errno(EPERM));
    expect(verdict(either, x8664, 0x40000000 | 304, 3)).toBe(errno(ENOSYS));
  }
});

test("a host that allows vsock gets it, and io_uring", () => {
  const open = containerFilter({ allowVsock: true, ringsMakeSockets: true });
  expect(verdict(open, x8664, 41, AF_VSOCK)).toBe(allow);
  expect(verdict(open, i386, 359, AF_VSOCK)).toBe(allow);
  expect(verdict(open, i386, 102, 1)).toBe(allow);
  for (const arch of [x8664, i386]) expect(verdict(open, arch, 425, 1)).toBe(allow);
});

test("other system calls pass", () => {
  for (const number of [0, 1, 59, 435]) expect(verdict(filter, x8664, number, AF_VSOCK)).toBe(allow);
});
