import { errnoOf, stepError } from "./errno.ts";
import { keptFlags, MS_BIND, MS_RDONLY, MS_REC, MS_REMOUNT } from "./mount-options.ts";
import { isDirectory } from "./paths.ts";
import { mount, statfs } from "./sys.ts";

/** Covers `path` so that nothing below it can be read; what does not exist is left alone. */
export function maskPath(path: string): void {
  ifThere(path, "mask", () => {
    if (isDirectory(path)) mount("tmpfs", path, "tmpfs", MS_RDONLY, "size=0k,nr_inodes=2");
    else mount("/dev/null", path, "", MS_BIND, "");
  });
}

/** Makes `path` a read-only mount of its own; what does not exist is left alone. */
export function readonlyPath(path: string): void {
  ifThere(path, "make read-only", () => {
    mount(path, path, "", MS_BIND | MS_REC, "");
    remountReadonly(path);
  });
}

/** Makes the mount at `path` read-only and keeps its other flags. */
export function remountReadonly(path: string): void {
  const kept = keptFlags(statfs(path).flags);
  mount("", path, "", MS_BIND | MS_REMOUNT | MS_RDONLY | kept, "");
}

function ifThere(path: string, what: string, act: () => void): void {
  try {
    act();
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === "ENOENT" || errno === "ENOTDIR") return;
    throw stepError(`${what} ${path}`, thrown);
  }
}
