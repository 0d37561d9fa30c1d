// Our C: formatted, free of warnings under gcc and clang, and free of words that belong to the hypervisor drivers.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { compilerFlags } from "./lib/c-headers.mjs";
import { cacheDirectory, repositoryRoot } from "./lib/paths.mjs";
import { projectFiles } from "./lib/project-files.mjs";
import { runTool } from "./lib/run-tool.mjs";
import { command } from "./lib/steps.mjs";

const compilers = ["gcc", "clang"];
const parallelCompilers = 2;
const passed = path.join(cacheDirectory, "check/c");

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

/** A file is compiled again only when it, a header, the flags or a compiler has changed. */
async function compiles({ compiler, file, flags, headersHash }) {
  const hash = createHash("sha256").update(JSON.stringify([compiler, file, flags, headersHash]));
  const key = hash.update(readFileSync(path.join(repositoryRoot, file))).digest("hex");
  const marker = path.join(passed, key.slice(0, 32));
  if (existsSync(marker)) return true;
  const ok = await compile({ compiler, file, flags });
  if (ok) writeFileSync(marker, "");
  return ok;
}

function compile({ compiler, file, flags }) {
  return new Promise((resolve) => {
    const child = spawn(compiler, [...flags, "-fsyntax-only", file], {
      cwd: repositoryRoot,
      stdio: "inherit",
    });
    child.on("error", () => resolve(false));
    child.on("close", (status) => resolve(status === 0));
  });
}

function hashOfHeaders(headers) {
  const hash = createHash("sha256");
  for (const header of headers) hash.update(header).update(readFileSync(path.join(repositoryRoot, header)));
  for (const compiler of compilers) hash.update(versionOf(compiler));
  return hash.digest("hex");
}

function versionOf(compiler) {
  try {
    return execFileSync(compiler, ["--version"]);
  } catch (error) {
    throw new Error(`cannot run ${compiler}: ${error.message}: install the Debian package ${compiler}`, {
      cause: error,
    });
  }
}

async function allCompile(files, headers) {
  mkdirSync(passed, { recursive: true });
  const shared = { flags: compilerFlags(), headersHash: hashOfHeaders(headers) };
  const waiting = compilers.flatMap((compiler) => files.map((file) => ({ compiler, file, ...shared })));
  let ok = true;
  const worker = async () => {
    for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift())
      ok = (await compiles(unit)) && ok;
  };
  await Promise.all(Array.from({ length: parallelCompilers }, worker));
  return ok;
}

await command("check-c", async () => {
  const everyFile = projectFiles(["*.c", "*.h"]);
  if (everyFile.length === 0) return;
  const sources = everyFile.filter((file) => file.endsWith(".c"));
  const headers = everyFile.filter((file) => file.endsWith(".h"));
  const results = [formatted(everyFile), namesNoVmm(everyFile), await allCompile(sources, headers)];
  process.exitCode = results.every(Boolean) ? 0 : 1;
});
