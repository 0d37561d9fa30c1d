import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { repositoryRoot } from "./paths.mjs";

const packagesFile = path.join(repositoryRoot, "scripts/debian-packages.json");

/**
 * Sees to it that the Debian packages for these purposes are installed: says which are missing, asks if there is
 * somebody to ask, and installs them.
 * @param {string[]} purposes keys of scripts/debian-packages.json
 * @throws {Error} when they are not installed afterwards; the message holds the command to type
 */
export async function ensureDebianPackages(purposes) {
  const missing = missingPackages(purposes);
  if (missing.length === 0) return;
  const isRoot = process.getuid() === 0;
  const prefix = isRoot ? [] : ["sudo"];
  const byHand = `${prefix.concat("apt-get").join(" ")} install --no-install-recommends ${missing.join(" ")}`;
  console.log(`missing Debian packages: ${missing.join(" ")}`);
  const canAsk = process.stdin.isTTY && process.stdout.isTTY && process.env.CI === undefined;
  if (!canAsk && !isRoot)
    throw new Error(`Debian packages are missing and only root can install them: ${byHand}`);
  if (canAsk && !(await agreed())) throw new Error(`Debian packages are missing: ${byHand}`);
  aptGet(prefix, ["update", "-qq"]);
  aptGet(prefix, ["install", "-y", "-qq", "--no-install-recommends", ...missing]);
  const still = missingPackages(purposes);
  if (still.length > 0) throw new Error(`apt-get did not install: ${still.join(" ")}`);
}

function missingPackages(purposes) {
  const lists = JSON.parse(readFileSync(packagesFile, "utf8"));
  const wanted = [...new Set(purposes.flatMap((purpose) => lists[purpose]))].sort();
  const installed = installedPackages(wanted);
  return wanted.filter((name) => !installed.has(name));
}

function installedPackages(wanted) {
  const query = ["--show", "--showformat", "${db:Status-Status} ${Package}\n"];
  // dpkg-query fails when one of the names is unknown to it, and still prints the others.
  const result = spawnSync("dpkg-query", [...query, ...wanted], { encoding: "utf8" });
  if (result.error !== undefined) {
    throw new Error(
      `cannot tell what is installed: dpkg-query: ${result.error.message}: runv is built on Debian 12 or newer`,
    );
  }
  const words = result.stdout.split("\n").map((line) => line.split(" "));
  return new Set(words.filter(([status]) => status === "installed").map(([, name]) => name));
}

async function agreed() {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question("install them with apt-get? [Y/n] ");
    return /^(y|yes|)$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

function aptGet(prefix, args) {
  const [program, ...rest] = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
  try {
    execFileSync(program, rest, { stdio: ["ignore", "ignore", "inherit"] });
  } catch (error) {
    throw new Error(`apt-get ${args[0]} failed: ${error.message}`, { cause: error });
  }
}
