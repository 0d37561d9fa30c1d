import { spawnSync } from "node:child_process";
import { repositoryRoot } from "./paths.mjs";

/**
 * Runs a tool in the repository with its output shown.
 * @param {string} program
 * @param {string[]} args
 * @param {{debianPackage?: string, env?: Record<string, string>, cwd?: string}} options `debianPackage` is named when the program is missing
 * @returns {boolean} whether it succeeded
 */
export function runTool(program, args, { debianPackage, env, cwd = repositoryRoot } = {}) {
  const result = spawnSync(program, args, { cwd, stdio: "inherit", env: { ...process.env, ...env } });
  if (result.error !== undefined) {
    const way = debianPackage === undefined ? "" : `: install the Debian package ${debianPackage}`;
    console.error(`cannot run ${program}: ${result.error.message}${way}`);
    return false;
  }
  return result.status === 0;
}
