import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { repositoryRoot } from "./paths.mjs";
import { runTool } from "./run-tool.mjs";

const protocol = path.join(repositoryRoot, "agent/protocol");
const binaries = path.join(repositoryRoot, "node_modules/.bin");
const options = { cwd: protocol, env: { PATH: `${binaries}:${process.env.PATH}` } };

/** agent/protocol/src/generated from agent.proto. */
export function writeProtocol() {
  return runTool("buf", ["generate"], options);
}

/** @returns {boolean} whether the committed code is what agent.proto gives */
export function checkProtocol() {
  const temporary = mkdtempSync(path.join(tmpdir(), "runv-generate-"));
  try {
    if (!runTool("buf", ["generate", "--output", temporary], options)) return false;
    return runTool("diff", ["-ru", "src/generated", path.join(temporary, "src/generated")], options);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
