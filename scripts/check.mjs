// `npm run check`: every static check of the project, one line per step with its time.
import { cpus } from "node:os";
import { checkSteps } from "./lib/check-steps.mjs";
import { runParallel } from "./lib/run-parallel.mjs";

const only = process.argv.slice(2);
const unknown = only.filter((name) => !checkSteps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(
    `check: unknown step: ${unknown.join(", ")} (there are: ${checkSteps.map((step) => step.name).join(", ")})`,
  );
  process.exit(2);
}
const steps = only.length === 0 ? checkSteps : checkSteps.filter((step) => only.includes(step.name));
const failed = await runParallel(steps, { jobs: Math.min(cpus().length, 4) });
if (failed.length > 0) {
  console.error(`check failed: ${failed.join(", ")}`);
  process.exit(1);
}
console.log(`check passed: ${steps.length} steps`);
