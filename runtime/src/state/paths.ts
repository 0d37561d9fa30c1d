import { join } from "node:path";
import { parseContainerId } from "../shared/ids.ts";

/** Directory of a container's state. @throws RunvError invalid-argument unless `id` is the name of a directory. */
export function containerDirectory(root: string, id: string): string {
  return join(root, parseContainerId(id));
}

export function recordPath(directory: string): string {
  return join(directory, "state.json");
}
