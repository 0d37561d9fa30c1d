// `npm run generate`: agent/protocol/src/generated from agent.proto. With --check: fails if the committed code differs.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { repositoryRoot } from "./lib/paths.mjs";
import { runTool } from "./lib/run-tool.mjs";

const protocol = path.join(repositoryRoot, "agent/protocol");
const binaries = path.join(repositoryRoot, "node_modules/.bin");
const options = { cwd: protocol, env: { PATH: `${binaries}:${process.env.PATH}` } };

function check() {
  const temporary = mkdtempSync(path.join(tmpdir(), "runv-generate-"));
  try {
    if (!runTool("buf", ["generate", "--output", temporary], options)) return false;
    const same = runTool("diff", ["-ru", "src/generated", path.join(temporary, "src/generated")], options);
    if (!same)
      console.error(
        "generated code is not what agent.proto gives: run npm run generate and commit the result",
      );
    return same;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

const ok = process.argv.includes("--check") ? check() : runTool("buf", ["generate"], options);
process.exitCode = ok ? 0 : 1;
