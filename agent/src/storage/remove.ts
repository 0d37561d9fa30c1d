import { within } from "../linux/deadline.ts";
import { removeTree } from "../linux/sys.ts";
import { containerDirectory } from "./scratch.ts";
import { inChild } from "./work.ts";

const removeDeadlineMs = 120_000;

/** Removes the container's files; in a child, for it may be many. */
export async function removeContainerFiles(id: string): Promise<void> {
  const directory = containerDirectory(id);
  const work = inChild(() => {
    removeTree(directory);
    return {};
  });
  await within(removeDeadlineMs, `remove ${directory}`, work.done, () => work.abandon());
}
