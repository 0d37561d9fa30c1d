import { open } from "../linux/constants.ts";
import { attempt, errnoName } from "../linux/system-error.ts";
import * as sys from "../sys.ts";

/**
 * Directory trees that a rollback removes: those that are at their paths now, and nothing that takes their place later. A container of the
 * same id may be made again while the rollback of the first one is still under way.
 */
export class OwnTrees {
  /** By path. Held open, so that no other file gets the same inode number meanwhile. */
  readonly #held = new Map<string, number>();

  constructor(paths: readonly string[]) {
    for (const path of paths) this.#hold(path);
  }

  /** What cannot be removed stays; the rest goes. */
  remove(): void {
    for (const [path, fd] of this.#held) {
      if (isAt(path, fd)) attempt(() => sys.removeTree(path));
    }
    this.release();
  }

  release(): void {
    for (const fd of this.#held.values()) attempt(() => sys.close(fd));
    this.#held.clear();
  }

  #hold(path: string): void {
    if (this.#held.has(path)) return;
    try {
      this.#held.set(path, sys.open(path, open.path | open.nofollow));
    } catch (thrown) {
      if (errnoName(thrown) !== "ENOENT") throw thrown;
    }
  }
}

function isAt(path: string, fd: number): boolean {
  try {
    const [now, held] = [sys.lstat(path), sys.fstat(fd)];
    return now.inode === held.inode && now.device === held.device;
  } catch {
    return false;
  }
}
