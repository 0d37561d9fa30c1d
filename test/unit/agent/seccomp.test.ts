import { expect, test } from "vitest";
import { containerFilter, ioUringMakesSockets } from "../../../agent/src/linux/seccomp.ts";
import { i386, verdict, x8664 } from "../../harness/classic-bpf.ts";

const allow = 0x7fff0000;
const errno = (number: number): number => 0x00050000 | number;
const [EPERM, ENOSYS, EAFNOSUPPORT] = [1, 38, 97];
const [AF_UNIX, AF_VSOCK] = [1, 40];

function verdictOn(filter: Uint8Array, arch: number, number: number, firstArgument: number): number {
  return verdict(filter, { arch, number, args: [firstArgument] });
}

const filter = containerFilter({ allowVsock: false, ringsMakeSockets: true });

test("AF_VSOCK sockets are refused, others are not", () => {
  expect(verdictOn(filter, x8664, 41, AF_VSOCK)).toBe(errno(EAFNOSUPPORT));
  expect(verdictOn(filter, x8664, 41, AF_UNIX)).toBe(allow);
  expect(verdictOn(filter, i386, 359, AF_VSOCK)).toBe(errno(EAFNOSUPPORT));
  expect(verdictOn(filter, i386, 359, AF_UNIX)).toBe(allow);
});

test("the ways around socket(2) are closed", () => {
  expect(verdictOn(filter, i386, 102, 1)).toBe(errno(EAFNOSUPPORT));
  expect(verdictOn(filter, i386, 102, 3)).toBe(allow);
  expect(verdictOn(filter, x8664, 0x40000000 | 41, AF_UNIX)).toBe(errno(ENOSYS));
  expect(verdictOn(filter, x8664, 425, 1)).toBe(errno(ENOSYS));
  expect(verdictOn(filter, i386, 425, 1)).toBe(errno(ENOSYS));
  expect(verdictOn(filter, 0xc00000b7, 198, AF_UNIX)).toBe(errno(ENOSYS));
});

test("io_uring stays where it cannot make sockets", () => {
  const older = containerFilter({ allowVsock: false, ringsMakeSockets: false });
  for (const arch of [x8664, i386]) expect(verdictOn(older, arch, 425, 1)).toBe(allow);
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
    expect(verdictOn(either, x8664, 304, 3)).toBe(errno(EPERM));
    expect(verdictOn(either, i386, 342, 3)).toBe(errno(EPERM));
    expect(verdictOn(either, x8664, 0x40000000 | 304, 3)).toBe(errno(ENOSYS));
  }
});

test("a host that allows vsock gets it, and io_uring", () => {
  const open = containerFilter({ allowVsock: true, ringsMakeSockets: true });
  expect(verdictOn(open, x8664, 41, AF_VSOCK)).toBe(allow);
  expect(verdictOn(open, i386, 359, AF_VSOCK)).toBe(allow);
  expect(verdictOn(open, i386, 102, 1)).toBe(allow);
  for (const arch of [x8664, i386]) expect(verdictOn(open, arch, 425, 1)).toBe(allow);
});

test("other system calls pass", () => {
  for (const number of [0, 1, 59, 435]) expect(verdictOn(filter, x8664, number, AF_VSOCK)).toBe(allow);
});
