import { RunvError } from "@runv/protocol";
import type { ProxySpec } from "../contract/proxy.ts";
import { fileType, mountFlag, namespace, open, umountDetach } from "../linux/constants.ts";
import { startTicksOf } from "../linux/process-start.ts";
import { attempt, step } from "../linux/system-error.ts";
import * as sys from "../sys.ts";

/** What callers look for below /proc/<pid>/ns of a container's process. The network's may have been filled for it. */
const joined = [
  { name: "net", type: namespace.network },
  { name: "ipc", type: namespace.ipc },
  { name: "uts", type: namespace.uts },
  // Last: behind it, paths of the host do not exist any more.
  { name: "mnt", type: namespace.mount },
] as const;

/** @throws RunvError that names the step. */
export function enterNamespaces(namespaces: ProxySpec["namespaces"]): void {
  if (namespaces === null) return;
  if ("join" in namespaces) joinNamespaces(namespaces.join);
  else makeNamespaces(namespaces.root, namespaces.hostname);
}

function makeNamespaces(root: string, hostname: string): void {
  step("make namespaces", () =>
    sys.unshare(namespace.mount | namespace.network | namespace.ipc | namespace.uts),
  );
  if (hostname !== "") step(`set the host name ${hostname}`, () => sys.sethostname(hostname));
  step("bring up lo", () => sys.interfaceUp("lo"));
  step(`make ${root} the root of the mount namespace`, () => enterRoot(root));
}

/** Callers enter this mount namespace to reach the container's files; the host's must not be in it. */
function enterRoot(root: string): void {
  // What is unmounted on the host goes here too; nothing that happens here shows on the host.
  sys.mount("none", "/", "", mountFlag.slave | mountFlag.recursive, "");
  sys.mount(root, root, "", mountFlag.bind | mountFlag.recursive, "");
  sys.chdir(root);
  sys.pivotRoot(".", ".");
  sys.umount(".", umountDetach);
  sys.chdir("/");
  mountProc();
}

/** For hooks that run in these namespaces; a root file system without a directory for it stays without. */
function mountProc(): void {
  attempt(() => {
    if ((sys.lstat("/proc").mode & fileType.mask) !== fileType.directory) return;
    sys.mount("proc", "/proc", "proc", mountFlag.nosuid | mountFlag.nodev | mountFlag.noexec, "");
  });
}

/** The pid may have passed to another process since the verb looked: what was opened before the look at it is its predecessor's. */
function joinNamespaces(target: { readonly pid: number; readonly startTicks: number }): void {
  const { pid, startTicks } = target;
  const opened = step(`open the namespaces of process ${pid}`, () =>
    joined.map(({ name, type }) => ({ fd: sys.open(`/proc/${pid}/ns/${name}`, open.readOnly), type })),
  );
  if (startTicksOf(pid) !== startTicks)
    throw new RunvError("not-found", `join the namespaces of process ${pid}: the container has ended`);
  for (const { fd, type } of opened) {
    step(`join the namespaces of process ${pid}`, () => sys.setns(fd, type));
    sys.close(fd);
  }
}
