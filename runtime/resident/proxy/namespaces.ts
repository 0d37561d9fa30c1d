import type { ProxySpec } from "../contract/proxy.ts";
import { fileType, mountFlag, namespace, umountDetach } from "../linux/constants.ts";
import { joinNamespaces } from "../linux/join-namespaces.ts";
import { attempt, step } from "../linux/system-error.ts";
import * as sys from "../sys.ts";

/** Namespaces on the way. */
export interface ProxyNamespaces {
  /** The last step: behind it, paths of the host do not exist any more. @throws RunvError that names the step */
  enter(): void;
}

/** @throws RunvError that names the step. */
export function makeNamespaces(namespaces: ProxySpec["namespaces"]): ProxyNamespaces {
  if (namespaces === null) return { enter: () => undefined };
  if ("join" in namespaces) return { enter: () => joinNamespaces(namespaces.join) };
  const { root, hostname } = namespaces;
  step("make namespaces", () =>
    sys.unshare(namespace.mount | namespace.network | namespace.ipc | namespace.uts),
  );
  if (hostname !== "") step(`set the host name ${hostname}`, () => sys.sethostname(hostname));
  step("bring up lo", () => sys.interfaceUp("lo"));
  step(`mount ${root} in the mount namespace`, () => prepareRoot(root));
  return { enter: () => step(`make ${root} the root of the mount namespace`, () => enterRoot(root)) };
}

/** The container's root as hooks of the kind createContainer find it, by its path on the host. */
function prepareRoot(root: string): void {
  // What is unmounted on the host goes here too; nothing that happens here shows on the host.
  sys.mount("none", "/", "", mountFlag.slave | mountFlag.recursive, "");
  sys.mount(root, root, "", mountFlag.bind | mountFlag.recursive, "");
  mountProc(`${root}/proc`);
}

/** Callers enter this mount namespace to reach the container's files; the host's must not be in it. */
function enterRoot(root: string): void {
  sys.chdir(root);
  sys.pivotRoot(".", ".");
  sys.umount(".", umountDetach);
  sys.chdir("/");
}

/** For programs that callers run in these namespaces; a root file system without a directory for it stays without. */
function mountProc(directory: string): void {
  attempt(() => {
    if ((sys.lstat(directory).mode & fileType.mask) !== fileType.directory) return;
    sys.mount("proc", directory, "proc", mountFlag.nosuid | mountFlag.nodev | mountFlag.noexec, "");
  });
}
