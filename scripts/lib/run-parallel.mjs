import { spawn } from "node:child_process";
import { repositoryRoot } from "./paths.mjs";

/**
 * Runs commands a few at a time; each prints one line with its time when it ends, and its whole output if it failed.
 * @param {{name: string, command: string[]}[]} steps started in this order
 * @param {{jobs: number}} options how many run at once
 * @returns {Promise<string[]>} names of the steps that failed
 */
export async function runParallel(steps, { jobs }) {
  const waiting = [...steps];
  const failed = [];
  const worker = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const result = await runStep(step);
      console.log(
        `${result.ok ? "ok  " : "FAIL"} ${step.name.padEnd(12)} ${(result.elapsedMs / 1000).toFixed(1)} s`,
      );
      if (!result.ok) {
        failed.push(step.name);
        console.log(result.output.replaceAll(/^/gm, "     "));
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return failed;
}

function runStep({ command }) {
  const startedMs = performance.now();
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: repositoryRoot, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const finish = (ok) => resolve({ ok, output, elapsedMs: performance.now() - startedMs });
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => {
      output += `cannot run ${program}: ${error.message}\n`;
      finish(false);
    });
    child.on("close", (status) => finish(status === 0));
  });
}
