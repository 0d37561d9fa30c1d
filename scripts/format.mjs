// `npm run format`: writes every file the way `npm run check` wants it.
import { projectFiles } from "./lib/project-files.mjs";
import { runTool } from "./lib/run-tool.mjs";

const typescript = runTool("node_modules/.bin/biome", ["check", "--write", "."]);
const sources = projectFiles(["*.c", "*.h"]);
const c =
  sources.length === 0 || runTool("clang-format", ["-i", ...sources], { debianPackage: "clang-format" });
process.exitCode = typescript && c ? 0 : 1;
