// Shell scripts, by extension or by first line, through shellcheck.
import { readFileSync } from "node:fs";
import path from "node:path";
import { repositoryRoot } from "./lib/paths.mjs";
import { projectFiles } from "./lib/project-files.mjs";
import { runTool } from "./lib/run-tool.mjs";

const isShell = (file) =>
  file.endsWith(".sh") ||
  (path.extname(file) === "" &&
    /^#!.*\b(ba|da)?sh\b/.test(readFileSync(path.join(repositoryRoot, file), "latin1").slice(0, 64)));

const scripts = projectFiles().filter(isShell);
const ok =
  scripts.length === 0 ||
  runTool("shellcheck", ["--external-sources", ...scripts], { debianPackage: "shellcheck" });
process.exitCode = ok ? 0 : 1;
