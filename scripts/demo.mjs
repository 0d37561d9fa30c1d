// `npm run demo`: from a clone to a container that runs under a guest kernel of its own.
import { buildSteps } from "./lib/build-steps.mjs";
import { ensureDebianPackages } from "./lib/debian-packages.mjs";
import { runDemoContainer } from "./lib/demo-container.mjs";
import { command, runSteps } from "./lib/steps.mjs";

await command("demo", async () => {
  await runSteps([
    { name: "demo packages", run: () => ensureDebianPackages(["run", "demo"]) },
    ...buildSteps,
    { name: "container", run: runDemoContainer },
  ]);
});
