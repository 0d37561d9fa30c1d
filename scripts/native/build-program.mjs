import { copyFileSync, mkdirSync, renameSync } from "node:fs";
import path from "node:path";
import { repositoryRoot } from "../lib/paths.mjs";
import { bundle, bytecodeOf } from "./bundle.mjs";
import { linkProgram } from "./link.mjs";

/**
 * Builds one program into a file.
 * @param {import("./toolchain.mjs").Toolchain} toolchain
 * @param {{name: string, entry: string, families: string[]}} program `entry` relative to the repository
 * @param {{output: string, debug: boolean}} options
 */
export async function buildProgram(toolchain, program, { output, debug }) {
  const bytecode = await bytecodeOf(
    await bundle(path.join(repositoryRoot, program.entry), debug),
    `${program.name}.js`,
  );
  const executable = await linkProgram(toolchain, {
    name: program.name,
    families: program.families,
    bytecode,
  });
  mkdirSync(path.dirname(output), { recursive: true });
  replaceFile(output, (partial) => copyFileSync(executable, partial));
}

/** A running program's file cannot be written over, so the new one takes its name. */
export function replaceFile(file, write) {
  const partial = `${file}.partial-${process.pid}`;
  write(partial);
  renameSync(partial, file);
}
