// Runs a benchmark with KVM, in an outer guest: emulated itself, so that its times say nothing, but ratios do. Arguments: the benchmark's
// file, then what is handed on to it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runInOuterGuest } from "../../harness/outer-guest/machine.ts";
import { cacheDirectory, repositoryRoot } from "../../harness/paths.ts";

const deadlineMs = 30 * 60_000;
/** What the outer guest's kernel says on the same console. */
const kernelMessage = /^\[ *\d+\.\d+\] /;
let rest = "";

function show(text: string): void {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) if (!kernelMessage.test(line)) console.log(line.replace(/\r$/, ""));
}

const directory = mkdtempSync(path.join(tmpdir(), "runv-bench-"));
try {
  process.exitCode = await runInOuterGuest({
    argv: [process.execPath, ...process.argv.slice(2)],
    cwd: repositoryRoot,
    env: { RUNV_ACCEL: "kvm", RUNV_CACHE_DIR: cacheDirectory },
    writable: directory,
    deadlineMs,
    onOutput: show,
  });
} finally {
  rmSync(directory, { recursive: true, force: true });
}
