import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { repositoryRoot } from "../lib/paths.mjs";
import { cached, keyOf } from "./cache.mjs";
import { quickjs } from "./libraries.mjs";
import { run } from "./run.mjs";
import { toolchains } from "./toolchain.mjs";

/**
 * A TypeScript entry with all it imports as one ES module. White space and names stay: the executable holds neither, and
 * they keep the lines and names of stack traces readable. A source map is kept beside the result in the cache.
 * @param {string} entry absolute
 * @param {boolean} debug with the source map inside
 * @returns {Promise<string>} path of the bundle
 */
export async function bundle(entry, debug) {
  const result = await build({
    entryPoints: [entry],
    absWorkingDir: repositoryRoot,
    outfile: "program.js",
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2023",
    charset: "utf8",
    external: ["runv:sys"],
    minifySyntax: !debug,
    sourcemap: debug ? "inline" : "external",
    define: { RUNV_DEBUG: String(debug) },
    legalComments: "none",
    logLevel: "warning",
  });
  const folder = await cached(
    `bundles/${path.basename(path.dirname(entry))}`,
    keyOf(result.outputFiles.map((file) => file.contents)),
    (target) => {
      mkdirSync(target);
      for (const file of result.outputFiles)
        writeFileSync(path.join(target, path.basename(file.path)), file.contents);
    },
  );
  return path.join(folder, "program.js");
}

/** The program that turns a module into bytecode; it runs on this machine, with the same QuickJS as the result. */
async function bytecodeCompiler() {
  const host = await toolchains.host();
  const { archive, includes } = await quickjs(host);
  const source = path.join(repositoryRoot, "agent/native/tools/bytecode-compiler.c");
  const flags = [...host.compile, ...includes.flatMap((include) => ["-isystem", include])];
  return cached(
    "bytecode-compiler",
    keyOf([host.version, ...flags, archive, readFileSync(source)]),
    async (target) => {
      await run(host.compiler, [...flags, "-o", target, source, archive, ...host.link, "-lm"]);
    },
  );
}

/**
 * @param {string} modulePath an ES module
 * @param {string} name what stack traces call it
 * @returns {Promise<string>} path of its bytecode, with line numbers and without source
 */
export async function bytecodeOf(modulePath, name) {
  const compiler = await bytecodeCompiler();
  return cached(
    `bytecode/${name}.bc`,
    keyOf([compiler, name, readFileSync(modulePath)]),
    async (target) => void (await run(compiler, [modulePath, name, target])),
  );
}
