import { step } from "./errno.ts";
import { MNT_DETACH, MS_BIND, MS_REC } from "./mount-options.ts";
import { O_DIRECTORY, O_RDONLY } from "./open-flags.ts";
import { isDirectory } from "./paths.ts";
import { chdir, close, fchdir, mount, open, pivotRoot, umount } from "./sys.ts";

/** The root that was left, from which bind mounts still come. */
export interface OldRoot {
  /** Leaves it for good. */
  leave(): void;
  /** Binds what is at an absolute path there to a path below the present root. */
  bind(source: string, target: string): void;
  isDirectory(source: string): boolean;
}

/**
 * Makes `directory` the root of this mount namespace: paths and symbolic links resolve in it from here on. The old root lies on top of
 * it, reachable from a working directory alone, until it is left; then everything that was mounted before is gone
 * (pivot_root(2), "pivot_root(".", ".")").
 */
export function enterRoot(directory: string): OldRoot {
  step(`bind rootfs ${directory}`, () => mount(directory, directory, "", MS_BIND | MS_REC, ""));
  const old = open("/", O_RDONLY | O_DIRECTORY);
  step(`enter rootfs ${directory}`, () => {
    chdir(directory);
    pivotRoot(".", ".");
    chdir("/");
  });
  const within = <Result>(act: () => Result): Result => {
    fchdir(old);
    try {
      return act();
    } finally {
      chdir("/");
    }
  };
  return {
    leave: () => {
      within(() => umount(".", MNT_DETACH));
      close(old);
    },
    bind: (source, target) => within(() => mount(`.${source}`, target, "", MS_BIND | MS_REC, "")),
    isDirectory: (source) => within(() => isDirectory(`.${source}`)),
  };
}
