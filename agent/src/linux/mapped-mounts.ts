import type { IdMapping } from "@runv/protocol";
import { RunvError } from "@runv/protocol";
import { errnoOf, stepError } from "./errno.ts";
import { close, type Fd, mapMountIds, openTree } from "./sys.ts";
import { makeUserNamespace } from "./user-namespace.ts";

/** A bind mount whose ids are mapped. */
export interface MappedMount {
  readonly destination: string;
  /** Absolute, in the present root. */
  readonly source: string;
  readonly options: readonly string[];
  readonly uidMappings: readonly IdMapping[];
  readonly gidMappings: readonly IdMapping[];
}

/**
 * A copy of the mount at the source that shows the ids of its files as the mapping says; to be moved to its place.
 * @throws RunvError "unsupported" where the file system, or this kernel, cannot do that
 */
export function mapIds(mount: MappedMount): Fd {
  const what = `mount bind on ${mount.destination}`;
  try {
    return mappedTree(mount);
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOSYS")
      throw new RunvError("unsupported", `${what}: map ids: the guest's kernel cannot (Linux 5.12 can)`);
    if (errnoOf(thrown) === "EINVAL")
      throw new RunvError(
        "unsupported",
        `${what}: map ids: the file system that its source is on in the guest cannot do that; a source that is copied into the guest (volumes = "copy") is on one that can`,
      );
    throw stepError(what, thrown);
  }
}

function mappedTree({ source, options, uidMappings, gidMappings }: MappedMount): Fd {
  const namespace = makeUserNamespace({ uids: uidMappings, gids: gidMappings });
  try {
    const tree = openTree(source, options.includes("rbind"));
    try {
      mapMountIds(tree, namespace, options.includes("ridmap"));
      return tree;
    } catch (thrown) {
      close(tree);
      throw thrown;
    }
  } finally {
    close(namespace);
  }
}
