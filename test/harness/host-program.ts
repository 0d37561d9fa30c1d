import { mkdirSync } from "node:fs";
import path from "node:path";
import { execaNode } from "execa";
import { repositoryRoot } from "./paths.ts";

/** Builds test/fixtures/host/NAME.ts, a program on QuickJS with the C module: Node has neither terminals nor descriptors over sockets. @returns its path */
export async function hostProgram(name: "subreaper" | "terminal-host"): Promise<string> {
  const output = path.join(repositoryRoot, ".cache/test", name);
  mkdirSync(path.dirname(output), { recursive: true });
  await execaNode({
    cwd: repositoryRoot,
  })`scripts/build-native.mjs --entry test/fixtures/host/${name}.ts --output ${output}`;
  return output;
}
