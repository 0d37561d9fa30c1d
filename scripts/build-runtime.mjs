// runtime/src → dist/runv.cjs for Node and dist/runv, one executable with its own JavaScript engine.
// The executable is compiled again only when the bundle, which holds every input, has changed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { cacheDirectory, distDirectory, repositoryRoot } from "./lib/paths.mjs";
import { runTool } from "./lib/run-tool.mjs";
import { command } from "./lib/steps.mjs";

const entry = path.join(repositoryRoot, "runtime/src/cli/main.ts");
const bun = path.join(repositoryRoot, "node_modules/.bin/bun");
// Split: what a verb imports when it runs is in chunks of its own, and a verb that needs none of them does not load it.
// Nothing of the directory that it is started in is read: whoever owns that would run as whoever runs runv.
const compileFlags = [
  "--compile",
  "--minify",
  "--bytecode",
  "--splitting",
  "--format=esm",
  "--target=bun-linux-x64",
  // A verb is over before compiled code would pay for its compilation.
  "--compile-jit-policy=1000",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-package-json",
  "--no-compile-autoload-tsconfig",
];

/** Names the commit in `runv --version`; "unknown" outside a clone. */
function commit() {
  const git = spawnSync("git", ["rev-parse", "--short=12", "HEAD"], {
    cwd: repositoryRoot,
    encoding: "utf8",
  });
  return git.status === 0 ? git.stdout.trim() : "unknown";
}

const definitions = { RUNV_COMMIT: JSON.stringify(commit()) };

async function bundleForNode(output) {
  await build({
    entryPoints: [entry],
    absWorkingDir: repositoryRoot,
    outfile: output,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    banner: { js: "#!/usr/bin/env node" },
    // CommonJS has another name for it.
    define: { ...definitions, "import.meta.dirname": "__dirname" },
    legalComments: "none",
    logLevel: "warning",
  });
  chmodSync(output, 0o755);
}

function compiled(bundle) {
  const lock = readFileSync(path.join(repositoryRoot, "package-lock.json"));
  const hash = createHash("sha256").update(readFileSync(bundle)).update(lock).update(compileFlags.join(" "));
  const executable = path.join(cacheDirectory, "runtime", `runv-${hash.digest("hex").slice(0, 32)}`);
  if (existsSync(executable)) return executable;
  mkdirSync(path.dirname(executable), { recursive: true });
  const defines = Object.entries(definitions).map(([name, value]) => `--define=${name}=${value}`);
  const partial = `${executable}.partial-${process.pid}`;
  try {
    if (!runTool(bun, ["build", ...compileFlags, ...defines, `--outfile=${partial}`, entry]))
      throw new Error("bun build failed");
    renameSync(partial, executable);
  } finally {
    rmSync(partial, { force: true });
  }
  return executable;
}

/** A running executable cannot be written over: the new file takes its name. */
function install(from, to) {
  const partial = `${to}.partial-${process.pid}`;
  copyFileSync(from, partial);
  renameSync(partial, to);
}

await command("build-runtime", async () => {
  mkdirSync(distDirectory, { recursive: true });
  const bundle = path.join(distDirectory, "runv.cjs");
  await bundleForNode(bundle);
  install(compiled(bundle), path.join(distDirectory, "runv"));
});
