// What was built once is found again by the hash of everything that went into it.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { cacheDirectory } from "../lib/paths.mjs";

const nativeCache = path.join(cacheDirectory, "native");

/**
 * @param {(string | Uint8Array)[]} parts everything the result depends on, in order
 * @returns {string} 32 hex digits
 */
export function keyOf(parts) {
  const hash = createHash("sha256");
  for (const part of parts) {
    hash.update(`${part.length}:`);
    hash.update(part);
  }
  return hash.digest("hex").slice(0, 32);
}

/** @param {string[]} files hashed by name and content, in this order */
export function keyOfFiles(files) {
  return keyOf(files.flatMap((file) => [path.basename(file), readFileSync(file)]));
}

/**
 * The path of a built file or folder; made by `make` when it is not there yet. It appears under its name only when it is
 * complete, so that builds running side by side cannot see half of it.
 * @param {string} name what the person reading the cache sees, say "object/loop.o"
 * @param {string} key from `keyOf`
 * @param {(target: string) => Promise<void> | void} make writes the file or folder `target`
 */
export async function cached(name, key, make) {
  const extension = path.extname(name);
  const target = path.join(
    nativeCache,
    `${name.slice(0, name.length - extension.length)}-${key}${extension}`,
  );
  if (existsSync(target)) return target;
  mkdirSync(path.dirname(target), { recursive: true });
  const partial = `${target.slice(0, target.length - extension.length)}.partial-${process.pid}${extension}`;
  try {
    await make(partial);
    renameSync(partial, target);
  } catch (error) {
    // A folder that another build finished first cannot be renamed over; its content is the same.
    if (!(existsSync(target) && ["ENOTEMPTY", "EEXIST"].includes(error.code))) throw error;
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return target;
}
