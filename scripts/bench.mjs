// `npm run bench -- NAME [--kvm]`: builds, then runs test/bench/NAME.ts, with --kvm inside an outer guest; its last line is one JSON object
// with `name` and `ratio`.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { buildSteps } from "./lib/build-steps.mjs";
import { ensureDebianPackages } from "./lib/debian-packages.mjs";
import { repositoryRoot } from "./lib/paths.mjs";
import { command, runSteps } from "./lib/steps.mjs";
import { vsockEnvironment } from "./lib/vsock-environment.mjs";

const directory = path.join(repositoryRoot, "test/bench");
const outerGuest = path.join(directory, "harness/in-outer-guest.ts");

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

/** Shows the output as it comes, and keeps it. */
function runBenchmark(argv) {
  const child = spawn("node_modules/.bin/bun", argv, {
    cwd: repositoryRoot,
    stdio: ["ignore", "pipe", "inherit"],
    env: vsockEnvironment(),
  });
  let output = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text) => {
    output += text;
    process.stdout.write(text);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ status: status ?? signal, output }));
  });
}

await command("bench", async () => {
  const given = process.argv.slice(2);
  const [name, ...args] = given.filter((word) => word !== "--kvm");
  const known = benchmarks().join(", ") || "none yet";
  if (!benchmarks().includes(name)) throw new Error(`no benchmark ${name ?? "named"} (there are: ${known})`);
  const packages = { name: "test packages", run: () => ensureDebianPackages(["run", "test"]) };
  await runSteps([packages, ...buildSteps]);
  const { status, output } = await runBenchmark([
    ...(given.includes("--kvm") ? [outerGuest] : []),
    path.join(directory, `${name}.ts`),
    ...args,
  ]);
  if (status !== 0) throw new Error(`${name} failed: ${status}`);
  if (!isResult(output.trimEnd().split("\n").at(-1))) {
    throw new Error(`${name}: its last line is not a JSON object with name and ratio`);
  }
});
