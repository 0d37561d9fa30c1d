// `npm run build [-- STEP...]`: from a clone to dist/runv, the resident programs, the guest kernel and the initramfs.
import { buildSteps } from "./lib/build-steps.mjs";
import { command, runSteps } from "./lib/steps.mjs";

await command("build", async () => {
  const only = process.argv.slice(2);
  const unknown = only.filter((name) => !buildSteps.some((step) => step.name === name));
  const names = buildSteps.map((step) => step.name).join(", ");
  if (unknown.length > 0) throw new Error(`unknown step: ${unknown.join(", ")} (there are: ${names})`);
  await runSteps(only.length === 0 ? buildSteps : buildSteps.filter((step) => only.includes(step.name)));
});
