import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { cached, keyOf, keyOfFiles } from "./cache.mjs";
import { inParallel, run } from "./run.mjs";

/** @typedef {import("./toolchain.mjs").Toolchain} Toolchain */

/** @param {string} directory @param {string} extension with the dot @returns {string[]} sorted paths */
export function filesIn(directory, extension) {
  return readdirSync(directory)
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => path.join(directory, name));
}

/**
 * Compiles each file into an object.
 * @param {Toolchain} toolchain
 * @param {{sources: string[], flags: string[], dependsOn: string}} unit `dependsOn`: the key of every header they may include
 * @returns {Promise<string[]>} the objects, in the order of the sources
 */
export function compileAll(toolchain, { sources, flags, dependsOn }) {
  const allFlags = [...toolchain.compile, ...flags];
  return inParallel(sources, (source) => {
    const key = keyOf([toolchain.version, ...allFlags, dependsOn, readFileSync(source)]);
    const name = `objects/${toolchain.name}/${path.basename(source, ".c")}.o`;
    return cached(
      name,
      key,
      async (target) => void (await run(toolchain.compiler, [...allFlags, "-c", "-o", target, source])),
    );
  });
}

/**
 * Compiles a library that is not ours into an archive.
 * @param {Toolchain} toolchain
 * @param {{name: string, sources: string[], headers: string[], flags: string[]}} library
 * @returns {Promise<string>} the archive
 */
export async function compileLibrary(toolchain, { name, sources, headers, flags }) {
  const allFlags = [...toolchain.compile, ...flags, "-w"];
  const key = keyOf([toolchain.version, ...allFlags, keyOfFiles([...sources, ...headers])]);
  return cached(`libraries/${toolchain.name}/${name}.a`, key, async (target) => {
    const objects = await compileAll(toolchain, { sources, flags: [...flags, "-w"], dependsOn: key });
    await run("ar", ["rcsD", target, ...objects]);
  });
}
