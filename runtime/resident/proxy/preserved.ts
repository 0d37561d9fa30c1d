import { firstPreserved, RunvError } from "@runv/protocol";
import type { PreservedAccess } from "../contract/proxy.ts";
import { fileType, open, streamSocket } from "../linux/constants.ts";
import { step } from "../linux/system-error.ts";
import * as sys from "../sys.ts";

/** The first that the verb hands over: contract/proxy.ts. */
const firstHanded = 4;
const maxInfoBytes = 4096;

/** One of the caller's descriptors that the container process has, too. */
export interface PreservedDescriptor {
  /** Under which both have it. */
  readonly number: number;
  readonly fd: sys.Fd;
  readonly access: PreservedAccess;
}

/** Devices that give and take bytes and do nothing else: null, zero, full, random and urandom (Documentation/admin-guide/devices.txt). */
const memoryMajor = 1;
const byteMinors = [3, 5, 7, 8, 9];

/** @throws RunvError that names the descriptor which is no stream of bytes, what it is, and the way out */
export function preservedDescriptors(count: number): PreservedDescriptor[] {
  return Array.from({ length: count }, (_, index) => {
    const number = firstPreserved + index;
    const fd = firstHanded + index;
    return { number, fd, access: step(`preserved descriptor ${number}`, () => accessOf(fd, number)) };
  });
}

/** Of the descriptors that the proxy was started with, those that are no use to it. */
export function strayDescriptors(inherited: readonly sys.Fd[], preserved: number): sys.Fd[] {
  return inherited.filter((fd) => fd >= firstHanded + preserved);
}

function accessOf(fd: sys.Fd, number: number): PreservedAccess {
  const flags = openFlags(fd);
  const refuse = (what: string): never => {
    throw new RunvError("unsupported", `preserved descriptor ${number}: ${what}`);
  };
  if ((flags & open.path) !== 0)
    refuse("opened with O_PATH, it can be neither read nor written: open it for one of the two");
  const status = sys.fstat(fd);
  const target = sys.readlink(`/proc/self/fd/${fd}`);
  const access = accessMode(flags);
  switch (status.mode & fileType.mask) {
    case fileType.fifo:
      if (access !== "read-write") return access;
      return refuse("a FIFO opened for reading and writing: open it for one of the two");
    case fileType.socket:
      return socketAccess(fd, refuse);
    case fileType.character:
      if (sys.isTerminal(fd) || isByteDevice(status)) return access;
      return refuse(`${target} is more than bytes: devices of the guest are given by linux.devices`);
    case fileType.regular:
      if (target.startsWith("/memfd:"))
        return refuse("memory (memfd) cannot be shared with a machine: pass a pipe");
      if (target.startsWith("anon_inode:")) break;
      if (access !== "read-write") return access;
      return refuse("a file opened for reading and writing: open it for one of the two, or bind mount it");
    case fileType.directory:
      return refuse("a directory: bind mount it instead");
    case fileType.block:
      return refuse("a block device: mount it, or pass a file");
    default:
      break;
  }
  return refuse(`not open, or no stream of bytes: ${target}`);
}

function socketAccess(fd: sys.Fd, refuse: (what: string) => never): PreservedAccess {
  const { type, acceptsConnections, connected } = sys.socketFacts(fd);
  if (type !== streamSocket)
    refuse("a socket of messages, whose bounds would be lost: pass a stream socket or a pipe");
  if (acceptsConnections !== 0)
    refuse(
      "a listening socket: a machine cannot accept its connections; accept them outside and pass each one",
    );
  if (connected === 0) refuse("a socket without a connection: connect it first");
  return "read-write";
}

function openFlags(fd: sys.Fd): number {
  const info = sys.readFile(`/proc/self/fdinfo/${fd}`, maxInfoBytes);
  return Number.parseInt(/^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? "0", 8);
}

function accessMode(flags: number): PreservedAccess {
  switch (flags & open.accessMode) {
    case open.readOnly:
      return "read";
    case open.writeOnly:
      return "write";
    default:
      return "read-write";
  }
}

function isByteDevice({ rdevMajor, rdevMinor }: sys.Stat): boolean {
  return rdevMajor === memoryMajor && byteMinors.includes(rdevMinor);
}
