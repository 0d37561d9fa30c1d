import { DescriptorAccess, firstPreserved, maxPreserved } from "@runv/protocol";
import { close, dup, type Fd, type ProcessIo, pipe, setNonblock, socketpair } from "../linux/sys.ts";

/** The agent's end of a descriptor that the process has from the host. */
export interface PreservedEnd {
  readonly access: DescriptorAccess;
  readonly fd: Fd;
}

export interface PreservedEnds {
  readonly agents: readonly PreservedEnd[];
  /** By the number that they are to have, from the first; numbered behind all of these. */
  readonly childs: readonly Fd[];
}

/** The lowest number that no process is given a descriptor under. */
const firstFree = firstPreserved + maxPreserved;

/** Renumbers a descriptor that a child is to keep while it puts others where they belong. */
export function moveUp(fd: Fd): Fd {
  try {
    return dup(fd, firstFree);
  } finally {
    close(fd);
  }
}

export function makePreserved(accesses: readonly DescriptorAccess[]): PreservedEnds {
  const agents: PreservedEnd[] = [];
  const childs: Fd[] = [];
  try {
    for (const access of accesses) {
      const [own, low] = makeEnds(access);
      agents.push({ access, fd: own });
      childs.push(moveUp(low));
    }
    return { agents, childs };
  } catch (thrown) {
    closePreserved(agents);
    childs.forEach(close);
    throw thrown;
  }
}

function makeEnds(access: DescriptorAccess): [own: Fd, childs: Fd] {
  if (access === DescriptorAccess.READ_WRITE) {
    const [own, childs] = socketpair();
    setNonblock(childs, false);
    return [own, childs];
  }
  const [reader, writer] = pipe();
  return access === DescriptorAccess.READ ? [writer, reader] : [reader, writer];
}

/** Hands the ends to the connection, which owns them from here on. */
export function connectPreserved(ends: readonly PreservedEnd[], io: ProcessIo): void {
  ends.forEach(({ access, fd }, index) => {
    const stream = firstPreserved + index;
    const sends = access !== DescriptorAccess.READ;
    const receives = access !== DescriptorAccess.WRITE;
    const copy = sends && receives ? dup(fd) : fd;
    io.openStream(stream, { sends, receives });
    if (sends) io.sendFrom(stream, fd, false);
    if (receives) io.receiveTo(stream, copy, { shared: false, keepOpen: false });
  });
}

/** Closes ends that no connection has taken. */
export function closePreserved(ends: readonly PreservedEnd[]): void {
  for (const { fd } of ends) close(fd);
}
