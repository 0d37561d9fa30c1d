import { RunvError } from "@runv/protocol";
import * as sys from "../sys.ts";
import { namespace, open } from "./constants.ts";
import { startTicksOf } from "./process-start.ts";
import { step } from "./system-error.ts";

/** What callers look for below /proc/<pid>/ns of a container's process. The network's may have been filled for it. */
const joined = [
  { name: "net", type: namespace.network },
  { name: "ipc", type: namespace.ipc },
  { name: "uts", type: namespace.uts },
  // Last: behind it, paths of the host do not exist any more.
  { name: "mnt", type: namespace.mount },
] as const;

/** The pid may have passed to another process since the verb looked: what was opened before the look at it is its predecessor's. */
export function joinNamespaces(target: { readonly pid: number; readonly startTicks: number }): void {
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
