import { RunvError } from "@runv/protocol";
import { errnoOf, tolerate } from "./errno.ts";
import { O_CREAT, O_WRONLY, S_IFDIR, S_IFMT } from "./open-flags.ts";
import { close, lstat, mkdir, open, readlink, type Stat, stat, unlink } from "./sys.ts";

const directoryMode = 0o755;
const fileMode = 0o755;
/** As many as the kernel follows (path_resolution(7)). */
const maxLinks = 40;

/**
 * Makes a directory and those above it; what exists, also behind symbolic links, is left alone. Where a link leads to nothing, its
 * target is made.
 * @returns a path to it without symbolic links, or `path` itself when that was a directory already
 */
export function makeDirectories(path: string): string {
  if (isDirectory(path)) return path;
  const resolved = resolvePath(path);
  let made = "";
  for (const part of resolved.split("/")) {
    if (part === "") continue;
    made += `/${part}`;
    tolerate(["EEXIST"], () => mkdir(made, directoryMode));
  }
  return resolved;
}

/** Makes an empty file, and directories above it, unless something is there. @returns as `makeDirectories` */
export function makeFile(path: string): string {
  if (statIfThere(path) !== null) return path;
  const resolved = resolvePath(path);
  makeDirectories(parentOf(resolved));
  close(open(resolved, O_WRONLY | O_CREAT, fileMode));
  return resolved;
}

/**
 * Where an absolute path leads below the present root, whether anything is there or not: every symbolic link is followed, and ".."
 * never leads above the root.
 * @throws RunvError "invalid-argument" for links that go round in a circle
 */
function resolvePath(path: string): string {
  const rest = path.split("/").toReversed();
  let resolved = "";
  let links = 0;
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (part === "" || part === ".") continue;
    const target = part === ".." ? null : linkTarget(`${resolved}/${part}`);
    if (part === "..") resolved = resolved.slice(0, Math.max(0, resolved.lastIndexOf("/")));
    else if (target === null) resolved += `/${part}`;
    else {
      if (++links > maxLinks) throw new RunvError("invalid-argument", "too many levels of symbolic links");
      if (target.startsWith("/")) resolved = "";
      rest.push(...target.split("/").toReversed());
    }
  }
  return resolved === "" ? "/" : resolved;
}

/** Null for what is no symbolic link, or not there. */
function linkTarget(path: string): string | null {
  try {
    return readlink(path);
  } catch (thrown) {
    if (["EINVAL", "ENOENT", "ENOTDIR"].includes(errnoOf(thrown) ?? "")) return null;
    throw thrown;
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
