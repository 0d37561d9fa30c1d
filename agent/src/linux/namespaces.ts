import { O_RDONLY } from "./open-flags.ts";
import { close, type Fd, open, setns } from "./sys.ts";

/** Flags of clone(2), unshare(2) and setns(2). */
export const CLONE_NEWNS = 0x00020000;
export const CLONE_NEWCGROUP = 0x02000000;
export const CLONE_NEWUTS = 0x04000000;
export const CLONE_NEWIPC = 0x08000000;
export const CLONE_NEWPID = 0x20000000;
export const CLONE_NEWNET = 0x40000000;

/** Those that a further process joins, in this order: the mount namespace last, for it takes the agent's /proc away. */
const joined = [
  { name: "cgroup", flag: CLONE_NEWCGROUP },
  { name: "ipc", flag: CLONE_NEWIPC },
  { name: "uts", flag: CLONE_NEWUTS },
  { name: "net", flag: CLONE_NEWNET },
  { name: "mnt", flag: CLONE_NEWNS },
] as const;

/** Descriptors of the namespaces of one container; they outlive its processes until `closeNamespaces`. */
export interface NamespaceSet {
  readonly pid: Fd;
  readonly others: readonly { readonly fd: Fd; readonly flag: number }[];
}

/** Opens the namespaces of a process that is our child and not yet reaped. */
export function openNamespaces(pid: number): NamespaceSet {
  const opened: Fd[] = [];
  const openOne = (name: string): Fd => {
    const fd = open(`/proc/${pid}/ns/${name}`, O_RDONLY);
    opened.push(fd);
    return fd;
  };
  try {
    const pidNamespace = openOne("pid");
    return { pid: pidNamespace, others: joined.map(({ name, flag }) => ({ fd: openOne(name), flag })) };
  } catch (thrown) {
    opened.forEach(close);
    throw thrown;
  }
}

export function closeNamespaces(set: NamespaceSet): void {
  close(set.pid);
  for (const { fd } of set.others) close(fd);
}

/** Moves the caller into all but the pid namespace, which only its children can be born in. */
export function joinNamespaces(set: NamespaceSet): void {
  for (const { fd, flag } of set.others) setns(fd, flag);
}

/** Runs `fork` so that the child it clones is born in that pid namespace, and turns back; the child does not. */
export function withChildrenIn(pidNamespace: Fd, fork: () => number): number {
  const own = open("/proc/self/ns/pid", O_RDONLY);
  let pid = -1;
  try {
    setns(pidNamespace, CLONE_NEWPID);
    pid = fork();
    return pid;
  } finally {
    if (pid !== 0) setns(own, CLONE_NEWPID);
    close(own);
  }
}
