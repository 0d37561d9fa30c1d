import {
  allow,
  archI386,
  archOffset,
  archX8664,
  encodeFilter,
  errnoAction,
  firstArgumentOffset,
  type Instruction,
  jumpAtLeast,
  jumpEqual,
  load,
  numberOffset,
  returnK,
  x32Bit,
} from "./classic-bpf.ts";

/** System calls (asm/unistd_64.h, asm/unistd_32.h), errno values and an address family of x86. */
const socket64 = 41;
const openByHandleAt64 = 304;
const openByHandleAt32 = 342;
const ioUringSetup = 425;
const socketcall32 = 102;
const socketcallSocket = 1;
const socket32 = 359;
const AF_VSOCK = 40;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

export interface FilterOptions {
  readonly allowVsock: boolean;
  /** Whether the kernel's io_uring can make sockets; see `ioUringMakesSockets`. */
  readonly ringsMakeSockets: boolean;
}

/**
 * What no process of a container may do, whatever its capabilities, for programs of 64 and of 32 bits. x32 numbers are unknown
 * system calls here.
 * - open_by_handle_at(2) is refused (EPERM, as without CAP_DAC_READ_SEARCH): handles lead past the root of a mount, to the files of
 *   other containers on the same scratch and to cgroups above a container's own.
 * - Unless vsock is allowed, socket(AF_VSOCK) fails with EAFNOSUPPORT. socketcall(2) keeps its arguments in memory, where a filter
 *   cannot look, so its SOCKET is refused whole (C libraries use socket(2) since Linux 4.3); io_uring_setup(2) is refused, as a kernel
 *   without it would, where its rings make sockets past every filter.
 * @returns struct sock_filter[], for seccomp(2)
 */
export function containerFilter(options: FilterOptions): Uint8Array {
  const ioUring = !options.allowVsock && options.ringsMakeSockets;
  const amd64: Instruction[] = [
    [load, 0, 0, numberOffset],
    [jumpAtLeast, 0, 1, x32Bit],
    [returnK, 0, 0, errnoAction | ENOSYS],
    ...refuseCall(openByHandleAt64, EPERM),
    ...(ioUring ? refuseCall(ioUringSetup, ENOSYS) : []),
    ...(options.allowVsock ? [] : refuseVsock(socket64)),
    [returnK, 0, 0, allow],
  ];
  const i386: Instruction[] = [
    [load, 0, 0, numberOffset],
    ...refuseCall(openByHandleAt32, EPERM),
    ...(ioUring ? refuseCall(ioUringSetup, ENOSYS) : []),
    ...(options.allowVsock ? [] : [...refuseSocketcall(), ...refuseVsock(socket32)]),
    [returnK, 0, 0, allow],
  ];
  return encodeFilter([
    [load, 0, 0, archOffset],
    [jumpEqual, 0, amd64.length, archX8664],
    ...amd64,
    [jumpEqual, 1, 0, archI386],
    [returnK, 0, 0, errnoAction | ENOSYS],
    ...i386,
  ]);
}

/** With the number loaded; goes on with it when it is another one. */
function refuseCall(number: number, errno: number): Instruction[] {
  return [
    [jumpEqual, 0, 1, number],
    [returnK, 0, 0, errnoAction | errno],
  ];
}

function refuseSocketcall(): Instruction[] {
  return whenCalled(socketcall32, refuseFirstArgument(socketcallSocket));
}

function refuseVsock(socketNumber: number): Instruction[] {
  return whenCalled(socketNumber, refuseFirstArgument(AF_VSOCK));
}

function whenCalled(number: number, decision: readonly Instruction[]): Instruction[] {
  return [[jumpEqual, 0, decision.length, number], ...decision];
}

/** Ends the filter: refused when the low word of the first argument is `value`, else allowed. */
function refuseFirstArgument(value: number): Instruction[] {
  return [
    [load, 0, 0, firstArgumentOffset],
    [jumpEqual, 0, 1, value],
    [returnK, 0, 0, errnoAction | EAFNOSUPPORT],
    [returnK, 0, 0, allow],
  ];
}

/** @param release as uname(2) gives it. @returns whether io_uring of that kernel can make sockets (Linux 5.19) */
export function ioUringMakesSockets(release: string): boolean {
  const [, major = "0", minor = "0"] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return Number(major) > 5 || (Number(major) === 5 && Number(minor) >= 19);
}
