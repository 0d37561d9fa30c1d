import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { repositoryRoot } from "./paths.mjs";

/**
 * Files of the project, new ones included, ignored ones not.
 * @param {string[]} patterns git pathspecs; none means all
 * @returns {string[]} relative to the repository
 */
export function projectFiles(patterns = []) {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...patterns];
  const output = execFileSync("git", args, { cwd: repositoryRoot, encoding: "utf8" });
  const files = output.split("\0").filter((file) => file !== "");
  return files.filter((file) => existsSync(path.join(repositoryRoot, file)));
}
