import { Namespace, RunvError, type Sysctl } from "@runv/protocol";
import { step } from "../linux/errno.ts";
import { writeFile } from "../linux/sys.ts";

/** What each namespace of its own lets a container set (runtime-spec config-linux.md, Sysctl; runc's validator). */
const ofNamespace: readonly { readonly namespace: Namespace; readonly name: RegExp }[] = [
  {
    namespace: Namespace.IPC,
    name: /^(fs\.mqueue\.[\w.]+|kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced))$/,
  },
  { namespace: Namespace.UTS, name: /^kernel\.domainname$/ },
  { namespace: Namespace.NETWORK, name: /^net\.[\w.*/-]+$/ },
];

/** @throws RunvError "invalid-argument" for a sysctl that is not of one of the container's own namespaces */
export function checkSysctls(sysctls: readonly Sysctl[], namespaces: readonly Namespace[]): void {
  for (const { name } of sysctls) {
    const rule = ofNamespace.find((candidate) => candidate.name.test(name));
    const isOwn = rule !== undefined && namespaces.includes(rule.namespace);
    if (!isOwn || name.split(/[./]/).includes(""))
      throw new RunvError(
        "invalid-argument",
        `linux.sysctl: "${name}" is not in a separate kernel namespace of the container`,
      );
  }
}

/** Writes them for the namespaces of the caller, through the guest's own /proc. */
export function applySysctls(sysctls: readonly Sysctl[]): void {
  for (const { name, value } of sysctls)
    step(`linux.sysctl: set ${name}`, () => writeFile(`/proc/sys/${pathOf(name)}`, value));
}

/** sysctl(8): with dots between parts a slash stands for a dot (an interface "eth0/1"), and the other way round. */
function pathOf(name: string): string {
  const separator = /[./]/.exec(name)?.[0];
  return separator === "/" ? name : name.replace(/[./]/g, (character) => (character === "." ? "/" : "."));
}
