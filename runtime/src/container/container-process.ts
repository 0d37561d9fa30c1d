import type { ProcessSpec } from "../oci/process-spec.ts";
import { loadContainer } from "../state/store.ts";
import { loadBundle } from "./bundle.ts";
import type { Context } from "./context.ts";

/** `process` of the container's config.json as it is now: what `exec` starts from (runc: exec.go, getProcess). */
export function containerProcess(id: string, context: Context): ProcessSpec {
  return loadBundle(loadContainer(context.root, id).bundle, context.log).spec.process;
}
