/**
 * Runs named steps one after the other, with progress and times.
 * @param {{name: string, run: () => unknown}[]} steps
 * @throws {Error} of the step that failed, its name in front
 */
export async function runSteps(steps) {
  for (const [index, step] of steps.entries()) {
    const title = `[${index + 1}/${steps.length}] ${step.name}`;
    console.log(title);
    const startedMs = performance.now();
    try {
      await step.run();
    } catch (error) {
      throw new Error(`${step.name}: ${error.message}`, { cause: error });
    }
    console.log(`${title}: ${seconds(performance.now() - startedMs)}`);
  }
}

function seconds(elapsedMs) {
  return `${(elapsedMs / 1000).toFixed(1)} s`;
}

/** Runs `main` of a command: its errors become one line on stderr and exit status 1. */
export async function command(name, main) {
  try {
    await main();
  } catch (error) {
    console.error(`${name}: ${error.message}`);
    process.exitCode = 1;
  }
}
