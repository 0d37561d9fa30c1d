import { execFile } from "node:child_process";
import { cpus } from "node:os";

/**
 * Runs a program; its output is shown only if it fails.
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<string>} its stdout
 */
export function run(program, args) {
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT")
        reject(new Error(`build failed: ${program}: no such program (see scripts/ for the Debian packages)`));
      else reject(new Error(`build failed: ${program} ${args.join(" ")}\n${stdout}${stderr}`));
    });
  });
}

/**
 * `work` for every item, as many at once as there are cores; results in the order of the items.
 * @template T, R
 * @param {T[]} items
 * @param {(item: T) => Promise<R>} work
 * @returns {Promise<R[]>}
 */
export async function inParallel(items, work) {
  const results = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]);
    }
  };
  await Promise.all(Array.from({ length: cpus().length }, worker));
  return results;
}
