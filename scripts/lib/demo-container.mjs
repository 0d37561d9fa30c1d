import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { release, tmpdir } from "node:os";
import path from "node:path";
import { cacheDirectory, distDirectory, repositoryRoot } from "./paths.mjs";
import { vsockEnvironment } from "./vsock-environment.mjs";

const runv = path.join(distDirectory, "runv");
const script = 'echo "hello from a container on Linux $(uname -r)"';

/** Runs a busybox container, and prints both kernels, how it was run, and where the time went. */
export function runDemoContainer() {
  const directory = mkdtempSync(path.join(tmpdir(), "runv-demo-"));
  try {
    const log = path.join(directory, "log.json");
    const bundle = makeBundle(directory);
    console.log(`this machine runs Linux ${release()}`);
    const args = [
      "--debug",
      "--log",
      log,
      "--log-format",
      "json",
      "run",
      "--bundle",
      bundle,
      `demo-${process.pid}`,
    ];
    const run = spawnSync(runv, args, { stdio: ["ignore", "inherit", "inherit"], env: vsockEnvironment() });
    if (run.status !== 0)
      throw new Error(`runv run failed: ${run.error?.message ?? run.signal ?? `exit status ${run.status}`}`);
    printTimeline(readLog(log));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function makeBundle(directory) {
  const bundle = path.join(directory, "bundle");
  mkdirSync(bundle);
  const rootfs = path.join(cacheDirectory, "images/busybox");
  if (!existsSync(rootfs)) {
    mkdirSync(path.dirname(rootfs), { recursive: true });
    execFileSync(process.execPath, [path.join(repositoryRoot, "images/busybox-rootfs.mjs"), rootfs], {
      stdio: "inherit",
    });
  }
  execFileSync(runv, ["spec", "--bundle", bundle], { stdio: "inherit" });
  const file = path.join(bundle, "config.json");
  const config = JSON.parse(readFileSync(file, "utf8"));
  config.root.path = rootfs;
  config.process.terminal = false;
  config.process.args = ["sh", "-c", script];
  writeFileSync(file, JSON.stringify(config));
  return bundle;
}

function readLog(log) {
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** runv's debug log has a line with `phase` and `elapsedMs` for each part of a boot, and one with `accelerator` and `carrier`. */
function printTimeline(lines) {
  const phases = lines.filter((line) => typeof line.phase === "string" && typeof line.elapsedMs === "number");
  const how = lines.find((line) => typeof line.accelerator === "string" && typeof line.carrier === "string");
  if (phases.length === 0 || how === undefined)
    throw new Error("runv's log says neither how it ran nor how long it took");
  for (const { phase, elapsedMs } of phases)
    console.log(`${phase.padEnd(10)} ${elapsedMs.toFixed(0).padStart(6)} ms`);
  console.log(`accelerator ${how.accelerator}, carrier ${how.carrier}`);
}
