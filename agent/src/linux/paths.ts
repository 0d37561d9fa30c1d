import { errnoOf, tolerate } from "./errno.ts";
import { S_IFDIR, S_IFMT } from "./open-flags.ts";
import { lstat, mkdir, type Stat, stat, unlink } from "./sys.ts";

/** Makes a directory and those above it; what exists, also behind symbolic links, is left alone. */
export function makeDirectories(path: string, mode = 0o755): void {
  if (isDirectory(path)) return;
  let made = path.startsWith("/") ? "" : ".";
  for (const part of path.split("/")) {
    if (part === "") continue;
    made += `/${part}`;
    tolerate(["EEXIST"], () => mkdir(made, mode));
  }
}

/** stat(2), or null when nothing is there. */
export function statIfThere(path: string): Stat | null {
  return unlessAbsent(() => stat(path));
}

/** lstat(2), or null when nothing is there. */
export function lstatIfThere(path: string): Stat | null {
  return unlessAbsent(() => lstat(path));
}

export function isDirectory(path: string): boolean {
  return isKind(statIfThere(path), S_IFDIR);
}

function isKind(found: Stat | null, kind: number): boolean {
  return found !== null && (found.mode & S_IFMT) === kind;
}

/** Removes what stands in the way of a new node; directories stay (and make the caller fail). */
export function unlinkIfThere(path: string): void {
  tolerate(["ENOENT"], () => unlink(path));
}

/** The directory part of an absolute path. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

function unlessAbsent(find: () => Stat): Stat | null {
  try {
    return find();
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === "ENOENT" || errno === "ENOTDIR") return null;
    throw thrown;
  }
}
