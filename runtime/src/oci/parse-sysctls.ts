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
    const needed = namespaceOf(withDots(name));
    if (needed === null) return value.refuse("belongs to no namespace of the container: not supported");
    if (!namespaces.includes(needed)) value.fail(`needs a namespace of type ${needed}`);
  }
  return Object.fromEntries(
    Object.entries(sysctls.stringMap()).map(([name, value]) => [withDots(name), value]),
  );
}

function namespaceOf(name: string): NamespaceType | null {
  if (!/^[\w.:@/-]+$/.test(name) || name.split(/[./]/).includes("")) return null;
  if (name.startsWith("net.")) return "network";
  if (ipcSysctls.has(name) || name.startsWith("fs.mqueue.")) return "ipc";
  return name === "kernel.domainname" ? "uts" : null;
}

/** sysctl(8): where slashes stand between the parts, a dot is one in a name (of an interface), and the other way round. */
function withDots(name: string): string {
  if (/[./]/.exec(name)?.[0] !== "/") return name;
  return name.replace(/[./]/g, (character) => (character === "/" ? "." : "/"));
}
