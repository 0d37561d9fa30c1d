import { writeFileSync } from "node:fs";
import path from "node:path";
import { repositoryRoot } from "../lib/paths.mjs";
import { cached, keyOf, keyOfFiles } from "./cache.mjs";
import { compileAll, filesIn } from "./compile.mjs";
import { libseccomp, nghttp2, quickjs } from "./libraries.mjs";
import { run } from "./run.mjs";

const nativeDirectory = path.join(repositoryRoot, "agent/native");

/** The C file that lists a program's families and holds its bytecode. */
function programSource(families, bytecode) {
  return [
    '#include "module.h"',
    ...families.map((family) => `extern const struct runv_family runv_family_${family};`),
    `const struct runv_family *const runv_families[] = {${families.map((family) => `&runv_family_${family}, `).join("")}0};`,
    `__asm__(".section .rodata.runv_bytecode,\\"a\\",@progbits\\n.global runv_bytecode, runv_bytecode_end\\nrunv_bytecode:\\n.incbin \\"${bytecode}\\"\\nrunv_bytecode_end:\\n.byte 0\\n.text");`,
    "",
  ].join("\n");
}

/**
 * Links bytecode with QuickJS and the families of the C module that it uses.
 * @param {import("./toolchain.mjs").Toolchain} toolchain
 * @param {{name: string, families: string[], bytecode: string}} program
 * @returns {Promise<string>} the executable
 */
export async function linkProgram(toolchain, { name, families, bytecode }) {
  const libraries = await Promise.all([quickjs(toolchain), nghttp2(toolchain), libseccomp(toolchain)]);
  const includes = libraries
    .flatMap((library) => library.includes)
    .flatMap((include) => ["-isystem", include]);
  const archives = libraries.map((library) => library.archive);
  const sources = filesIn(nativeDirectory, ".c");
  const flags = [...toolchain.ownCode, ...includes, "-I", nativeDirectory];
  const dependsOn = keyOf([...archives, keyOfFiles(filesIn(nativeDirectory, ".h"))]);
  const text = programSource(families, bytecode);
  const programFile = await cached(`link/${name}.c`, keyOf([text]), (target) => writeFileSync(target, text));
  const objects = await compileAll(toolchain, { sources: [...sources, programFile], flags, dependsOn });
  const link = [...objects, ...archives, ...toolchain.link, ...(toolchain.strip ? ["-s"] : []), "-lm"];
  return cached(`programs/${toolchain.name}-${name}`, keyOf([toolchain.version, ...link]), async (target) => {
    await run(toolchain.compiler, [...toolchain.compile, ...flags, "-o", target, ...link]);
  });
}
