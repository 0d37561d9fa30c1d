import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ensureDebianPackages } from "./debian-packages.mjs";
import { distDirectory, repositoryRoot } from "./paths.mjs";
import { runTool } from "./run-tool.mjs";

const must = (program, args) => {
  if (!runTool(program, args)) throw new Error(`${program} ${args.join(" ")} failed`);
};

/** The steps from a clone to everything in dist/; each caches by the hash of its inputs. */
export const buildSteps = [
  { name: "packages", run: () => ensureDebianPackages(["build"]) },
  { name: "npm", run: installNodeModules },
  {
    name: "kernel",
    run: () => must("kernel-configs/build.sh", ["--out", path.join(distDirectory, "guest")]),
  },
  { name: "native", run: () => must(process.execPath, ["scripts/build-native.mjs"]) },
  { name: "runtime", run: () => must(process.execPath, ["scripts/build-runtime.mjs"]) },
];

/** npm ci, unless node_modules is already what the lock file says. */
function installNodeModules() {
  const lock = path.join(repositoryRoot, "package-lock.json");
  const marker = path.join(repositoryRoot, "node_modules/.runv-lock-hash");
  const byHand = path.join(repositoryRoot, "node_modules/.package-lock.json");
  const hash = createHash("sha256").update(readFileSync(lock)).digest("hex");
  if (existsSync(marker) && readFileSync(marker, "utf8") === hash) return;
  const isFresh =
    !existsSync(marker) && existsSync(byHand) && statSync(byHand).mtimeMs > statSync(lock).mtimeMs;
  if (!isFresh) must("npm", ["ci", "--no-audit", "--no-fund"]);
  writeFileSync(marker, hash);
}
