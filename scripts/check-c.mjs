// Our C: formatted, free of warnings under gcc and clang, and free of words that belong to the hypervisor drivers.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { compilerFlags } from "./lib/c-headers.mjs";
import { repositoryRoot } from "./lib/paths.mjs";
import { projectFiles } from "./lib/project-files.mjs";
import { runTool } from "./lib/run-tool.mjs";

const parallelCompilers = 2;

function formatted(files) {
  return runTool("clang-format", ["--dry-run", "-Werror", ...files], { debianPackage: "clang-format" });
}

function namesNoVmm(files) {
  const offenders = files.filter((file) => {
    const code = readFileSync(path.join(repositoryRoot, file), "utf8").replaceAll(
      /\/\*[\s\S]*?\*\/|\/\/.*/g,
      "",
    );
    return !file.startsWith("test/") && /qemu|\bxen|_xen/i.test(code);
  });
  for (const file of offenders) console.error(`${file}: only runtime/src/hypervisor/<name>/ names a VMM`);
  return offenders.length === 0;
}

function compiles({ compiler, file, flags }) {
  return new Promise((resolve) => {
    const child = spawn(compiler, [...flags, "-fsyntax-only", file], {
      cwd: repositoryRoot,
      stdio: "inherit",
    });
    child.on("error", (error) => {
      console.error(`cannot run ${compiler}: ${error.message}: install the Debian package ${compiler}`);
      resolve(false);
    });
    child.on("close", (status) => resolve(status === 0));
  });
}

async function allCompile(files) {
  const flags = compilerFlags();
  const waiting = ["gcc", "clang"].flatMap((compiler) => files.map((file) => ({ compiler, file, flags })));
  let ok = true;
  const worker = async () => {
    for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift())
      ok = (await compiles(unit)) && ok;
  };
  await Promise.all(Array.from({ length: parallelCompilers }, worker));
  return ok;
}

const everyFile = projectFiles(["*.c", "*.h"]);
if (everyFile.length > 0) {
  const sources = everyFile.filter((file) => file.endsWith(".c"));
  const results = [formatted(everyFile), namesNoVmm(everyFile), await allCompile(sources)];
  process.exitCode = results.every(Boolean) ? 0 : 1;
}
