// `npm run pack`: makes the packages that are published on their own, JavaScript with declarations, in dist/packages/NAME,
// and NAME-VERSION.tgz beside them. In the tree they are TypeScript, which Node does not load from node_modules.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { distDirectory, repositoryRoot } from "./lib/paths.mjs";
import { runTool } from "./lib/run-tool.mjs";
import { command } from "./lib/steps.mjs";

const packages = ["vsock", "qemu-img-ts"];
const emitJavaScript = ["--emitDeclarationOnly", "false", "--rewriteRelativeImportExtensions"];
const standAlone = ["--composite", "false", "--incremental", "false"];

function stage(name) {
  const source = path.join(repositoryRoot, "runtime", name);
  const target = path.join(distDirectory, "packages", name);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const flags = ["--project", source, "--outDir", target, ...emitJavaScript, ...standAlone];
  if (!runTool("node_modules/.bin/tsc", flags)) throw new Error(`${name}: tsc failed`);
  const manifest = JSON.parse(readFileSync(path.join(source, "package.json"), "utf8"));
  delete manifest.private;
  manifest.exports = { ".": { types: "./index.d.ts", default: "./index.js" } };
  writeFileSync(path.join(target, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(path.join(source, "README.md"), path.join(target, "README.md"));
  copyFileSync(path.join(repositoryRoot, "LICENSE"), path.join(target, "LICENSE"));
  return target;
}

await command("pack", () => {
  for (const name of packages) {
    const target = stage(name);
    const options = { cwd: path.dirname(target) };
    if (!runTool("npm", ["pack", "--silent", `./${name}`], options))
      throw new Error(`${name}: npm pack failed`);
  }
});
