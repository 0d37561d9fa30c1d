// `npm run bench -- NAME`: builds, then runs test/bench/NAME.ts, whose last line is one JSON object with `name` and `ratio`.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { buildSteps } from "./lib/build-steps.mjs";
import { ensureDebianPackages } from "./lib/debian-packages.mjs";
import { repositoryRoot } from "./lib/paths.mjs";
import { command, runSteps } from "./lib/steps.mjs";
import { vsockEnvironment } from "./lib/vsock-environment.mjs";

const directory = path.join(repositoryRoot, "test/bench");

function benchmarks() {
  const files = existsSync(directory) ? readdirSync(directory) : [];
  return files.filter((file) => file.endsWith(".ts")).map((file) => path.basename(file, ".ts"));
}

function isResult(line) {
  try {
    const { name, ratio } = JSON.parse(line);
    return typeof name === "string" && typeof ratio === "number";
  } catch {
    return false;
  }
}

await command("bench", async () => {
  const [name, ...args] = process.argv.slice(2);
  const known = benchmarks().join(", ") || "none yet";
  if (!benchmarks().includes(name)) throw new Error(`no benchmark ${name ?? "named"} (there are: ${known})`);
  const packages = { name: "test packages", run: () => ensureDebianPackages(["run", "test"]) };
  await runSteps([packages, ...buildSteps]);
  const run = spawnSync("node_modules/.bin/bun", [path.join(directory, `${name}.ts`), ...args], {
    cwd: repositoryRoot,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    env: vsockEnvironment(),
  });
  process.stdout.write(run.stdout);
  if (run.status !== 0) throw new Error(`${name} failed: ${run.signal ?? `exit status ${run.status}`}`);
  const lastLine = run.stdout.trimEnd().split("\n").at(-1);
  if (!isResult(lastLine)) throw new Error(`${name}: its last line is not a JSON object with name and ratio`);
});
