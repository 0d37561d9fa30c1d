import type { JsonCursor } from "../shared/json-cursor.ts";
import type { NamespaceType } from "./linux-names.ts";

/** sysctls that belong to a namespace and not to the whole kernel (ipc_namespaces(7), uts_namespaces(7)). */
const ipcSysctls: ReadonlySet<string> = new Set([
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
]);

/** Accepts `linux.sysctl`; as runc does, only what lies in a namespace of the container's own. */
export function parseSysctls(
  sysctls: JsonCursor,
  namespaces: readonly NamespaceType[],
): Readonly<Record<string, string>> {
  for (const [name, value] of sysctls.members()) {
    const needed = namespaceOf(name);
    if (needed === null) return value.refuse("belongs to no namespace of the container: not supported");
    if (!namespaces.includes(needed)) value.fail(`needs a namespace of type ${needed}`);
  }
  return sysctls.stringMap();
}

function namespaceOf(name: string): NamespaceType | null {
  if (!/^[\w.:@-]+$/.test(name) || name.includes("..")) return null;
  if (name.startsWith("net.")) return "network";
  if (ipcSysctls.has(name) || name.startsWith("fs.mqueue.")) return "ipc";
  return name === "kernel.domainname" ? "uts" : null;
}
