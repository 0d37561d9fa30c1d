import { errnoOf, stepError } from "./errno.ts";
import { MS_BIND, MS_RDONLY, MS_REC, MS_REMOUNT } from "./mount-options.ts";
import { isDirectory } from "./paths.ts";
import { mount, statfs } from "./sys.ts";

/** Flags of statfs(2) that a remount must repeat to keep: nosuid, nodev, noexec, the atime kinds. */
const keptFlags = 2 | 4 | 8 | 1024 | 2048;
const ST_RELATIME = 4096;
const MS_RELATIME = 1 << 21;

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
  const { flags } = statfs(path);
  const kept = (flags & keptFlags) | ((flags & ST_RELATIME) === 0 ? 0 : MS_RELATIME);
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
