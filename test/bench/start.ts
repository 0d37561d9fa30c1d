// How long a container takes beside the bare machine that it runs on, what CPU time runv spends on it, and where the time goes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { BareGuest, bareAccel, bareCarrier, bareInitramfs } from "./harness/bare-guest.ts";
import { makeBundle } from "./harness/bundle.ts";
import { ExitTimes, type ProcessTime } from "./harness/exit-times.ts";
import { interleaved, median, printResult, printRow, timed } from "./harness/measure.ts";
import { runv } from "./harness/paths.ts";

const ratioGoal = 1.15;
const cpuGoalMs = 60;
/** The comm of the VMM's process: the first 15 characters. */
const vmmName = "qemu-system-x86";

const directory = mkdtempSync(path.join(tmpdir(), "runv-bench-"));
const exitTimes = await ExitTimes.start(directory);
const log = path.join(directory, "log.json");
const bundle = makeBundle(path.join(directory, "bundle"), ["true"]);
const initramfs = await bareInitramfs(directory);
const families: (readonly ProcessTime[])[] = [];
const bareFamilies: (readonly ProcessTime[])[] = [];
const env = { ...process.env, RUNV_ACCEL: bareAccel, RUNV_CARRIER: bareCarrier() };

async function runContainer(): Promise<void> {
  const args = [
    "--debug",
    "--log",
    log,
    "--log-format",
    "json",
    "run",
    "--bundle",
    bundle,
    `bench-${process.pid}`,
  ];
  const child = spawn(runv, args, { stdio: "ignore", env });
  const [status] = (await once(child, "exit")) as [unknown];
  if (status !== 0) throw new Error(`runv run: ${String(status)}: ${readFileSync(log, "utf8")}`);
  families.push(await exitTimes.familyOf(child.pid ?? 0));
  exitTimes.forget();
}

async function runBare(): Promise<void> {
  const guest = await BareGuest.boot(directory, initramfs, false);
  await guest.ended;
  await guest.stop();
  bareFamilies.push(await exitTimes.familyOf(guest.pid));
}

/** The medians of the debug log's phases, in their order. */
function printPhases(): void {
  const phases = new Map<string, number[]>();
  for (const line of readFileSync(log, "utf8").trimEnd().split("\n")) {
    const fields: unknown = JSON.parse(line);
    if (typeof fields !== "object" || fields === null || !("phase" in fields) || !("elapsedMs" in fields))
      continue;
    const phase = String(fields.phase);
    phases.set(phase, [...(phases.get(phase) ?? []), Number(fields.elapsedMs)]);
  }
  for (const [phase, times] of phases) printRow(`  ${phase}`, median(times), "ms");
}

/** @returns the median of all but the VMM. */
function printCpuTimes(): number {
  const names = new Set(families.flat().map(({ name }) => name));
  const cpuOf = (isMeant: (name: string) => boolean): number =>
    median(
      families.map((family) =>
        family.filter(({ name }) => isMeant(name)).reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      ),
    );
  for (const name of names)
    printRow(
      `  CPU of ${name}`,
      cpuOf((other) => other === name),
      "ms",
    );
  return cpuOf((name) => name !== vmmName);
}

try {
  const rounds = await interleaved({
    runv: async () => timed(runContainer),
    bare: async () => timed(runBare),
  });
  const ratio = median(rounds.map((round) => round.runv / round.bare));
  const runvMs = median(rounds.map((round) => round.runv));
  const bareMs = median(rounds.map((round) => round.bare));
  printRow("runv run of true", runvMs, "ms");
  printPhases();
  printRow("bare QEMU, same machine", bareMs, "ms");
  printRow("ratio (median of pairs)", ratio, "", `goal <= ${ratioGoal}`);
  const cpuMs = printCpuTimes();
  printRow("CPU of the bare VMM", median(bareFamilies.map(([vmm]) => vmm?.cpuMs ?? Number.NaN)), "ms");
  printRow("CPU without the VMM", cpuMs, "ms", `goal <= ${cpuGoalMs}`);
  printResult("start", ratio, { runvMs, bareMs, cpuMs });
} finally {
  exitTimes.stop();
  rmSync(directory, { recursive: true, force: true });
}
