// `npm test`: a stated sample of every suite. `npm run test:full -- [SUITE...]`: all cases of the named suites, or of all.
// The last line is "N passed, N failed", summed over the suites; exit status 1 when anything failed or nothing ran.
import { buildSteps } from "./lib/build-steps.mjs";
import { ensureDebianPackages } from "./lib/debian-packages.mjs";
import { runTool } from "./lib/run-tool.mjs";
import { command, runSteps } from "./lib/steps.mjs";
import { runSuites, suiteNames, totalLine } from "./lib/test-suites.mjs";

/** What tests link with sanitizers, compiled once here instead of in every test file that finds the cache empty. */
function buildCheckedLibraries() {
  if (!runTool(process.execPath, ["scripts/build-native.mjs", "--sanitize"]))
    throw new Error("build-native --sanitize failed");
}

await command("test", async () => {
  const args = process.argv.slice(2);
  const full = args.includes("--full");
  const named = args.filter((arg) => arg !== "--full");
  const unknown = named.filter((name) => !suiteNames.includes(name));
  if (unknown.length > 0)
    throw new Error(`unknown suite: ${unknown.join(", ")} (there are: ${suiteNames.join(", ")})`);
  const packages = { name: "test packages", run: () => ensureDebianPackages(["run", "test"]) };
  await runSteps([packages, ...buildSteps, { name: "checked libraries", run: buildCheckedLibraries }]);
  const { line, ok } = totalLine(await runSuites(named.length === 0 ? suiteNames : named, { full }));
  process.exitCode = ok ? 0 : 1;
  console.log(line);
});
