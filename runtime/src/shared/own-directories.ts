import { lstatSync } from "node:fs";

/**
 * Tells directories as they are now from what takes their place later: a monitor that fails gives the id of its container back while its
 * verb is still undoing the rest, and the next container of that id has directories of the same names.
 */
export class OwnDirectories {
  /** By path. */
  readonly #identities: ReadonlyMap<string, string | null>;

  constructor(paths: readonly string[]) {
    this.#identities = new Map(paths.map((path) => [path, identityOf(path)]));
  }

  /** @returns whether the directory at `path` is still the one that was there. */
  has(path: string): boolean {
    const identity = this.#identities.get(path) ?? null;
    return identity !== null && identityOf(path) === identity;
  }
}

function identityOf(path: string): string | null {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  // ext4 gives the number of an inode that went to the next one at once.
  return found === undefined ? null : `${found.dev}:${found.ino}:${found.birthtimeNs}`;
}
