import { errnoOf } from "./errno.ts";
import { O_RDONLY } from "./open-flags.ts";
import { close, type Fd, fstat, open, setns, stat } from "./sys.ts";

/** Root and working directory (unshare(2)). */
export const CLONE_FS = 0x00000200;
/** The child is the caller's sibling (clone(2)). */
export const CLONE_PARENT = 0x00008000;
/** Flags of clone(2), unshare(2) and setns(2); clone(2) does not know that of time. */
export const CLONE_NEWTIME = 0x00000080;
export const CLONE_NEWNS = 0x00020000;
export const CLONE_NEWCGROUP = 0x02000000;
export const CLONE_NEWUTS = 0x04000000;
export const CLONE_NEWIPC = 0x08000000;
export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWPID = 0x20000000;
export const CLONE_NEWNET = 0x40000000;

/** One that not every container has of its own. The kernel refuses to join a user namespace that one is in. */
export type OptionalNamespace = "time" | "user";

/** Those that a further process joins, in this order: the user namespace, which takes its privilege away, last. */
const joined = [
  { name: "cgroup", flag: CLONE_NEWCGROUP },
  { name: "ipc", flag: CLONE_NEWIPC },
  { name: "uts", flag: CLONE_NEWUTS },
  { name: "net", flag: CLONE_NEWNET },
  { name: "time", flag: CLONE_NEWTIME },
  { name: "mnt", flag: CLONE_NEWNS },
  { name: "user", flag: CLONE_NEWUSER },
] as const;

/** Descriptors of the namespaces of one container; they outlive its processes until `closeNamespaces`. */
export interface NamespaceSet {
  readonly pid: Fd;
  readonly others: readonly { readonly fd: Fd; readonly flag: number }[];
}

/** Opens the namespaces of a process that is our child and not yet reaped. @param own those that it does not share with the agent */
export function openNamespaces(pid: number, own: readonly OptionalNamespace[]): NamespaceSet {
  const wanted = joined.filter(({ name }) => (name !== "time" && name !== "user") || own.includes(name));
  const opened: Fd[] = [];
  const openOne = (name: string): Fd => {
    const fd = open(`/proc/${pid}/ns/${name}`, O_RDONLY);
    opened.push(fd);
    return fd;
  };
  try {
    const pidNamespace = openOne("pid");
    return { pid: pidNamespace, others: wanted.map(({ name, flag }) => ({ fd: openOne(name), flag })) };
  } catch (thrown) {
    opened.forEach(close);
    throw thrown;
  }
}

export function closeNamespaces(set: NamespaceSet): void {
  namespaceDescriptors(set).forEach(close);
}

/** Whether the process, dead or alive but not reaped, is in the set's pid namespace. */
export function isInPidNamespace(pid: number, set: NamespaceSet): boolean {
  try {
    const [its, ours] = [stat(`/proc/${pid}/ns/pid`), fstat(set.pid)];
    return its.inode === ours.inode && its.device === ours.device;
  } catch (thrown) {
    // EBADF: the container has been deleted meanwhile.
    if (["ENOENT", "ESRCH", "EBADF"].includes(errnoOf(thrown) ?? "")) return false;
    throw thrown;
  }
}

/** Moves the caller into all of them but the pid namespace: in that its children are born. Closes the descriptors. */
export function joinNamespaces(set: NamespaceSet): void {
  setns(set.pid, CLONE_NEWPID);
  for (const { fd, flag } of set.others) setns(fd, flag);
  closeNamespaces(set);
}

export function namespaceDescriptors(set: NamespaceSet): Fd[] {
  return [set.pid, ...set.others.map(({ fd }) => fd)];
}
