// What an idle container keeps in the host's memory beside its VM: the proportional set size of monitor and proxy.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeBundle } from "./harness/bundle.ts";
import { median, pairCount, printResult, printRow } from "./harness/measure.ts";
import { runv } from "./harness/paths.ts";

const goalMb = 3;
/** For the last work of the start. */
const settleMs = 500;
const directory = mkdtempSync(path.join(tmpdir(), "runv-bench-"));
const root = path.join(directory, "root");
const bundle = makeBundle(path.join(directory, "bundle"), ["sleep", "100000"]);

async function verb(...args: readonly string[]): Promise<void> {
  const child = spawn(runv, ["--root", root, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  const [status] = (await once(child, "exit")) as [unknown];
  if (status !== 0) throw new Error(`runv ${args.join(" ")}: ${String(status)}`);
}

/** proc(5), smaps_rollup. @returns MB */
function pssMb(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/smaps_rollup: no Pss`);
  return (Number(kilobytes) * 1024) / 1_000_000;
}

/** The pids of monitor and proxy, from the container's record. */
function pids(id: string): { monitor: number; proxy: number } {
  const record = readFileSync(path.join(root, id, "state.json"), "utf8");
  const { vm, init } = JSON.parse(record) as { vm: { monitor: { pid: number } }; init: { pid: number } };
  return { monitor: vm.monitor.pid, proxy: init.pid };
}

async function measure(round: number): Promise<{ monitor: number; proxy: number }> {
  const id = `memory-${round}`;
  await verb("run", "--detach", "--bundle", bundle, id);
  try {
    await delay(settleMs);
    const { monitor, proxy } = pids(id);
    return { monitor: pssMb(monitor), proxy: pssMb(proxy) };
  } finally {
    await verb("delete", "--force", id);
  }
}

try {
  const rounds: { monitor: number; proxy: number }[] = [];
  for (let round = 0; round < pairCount; round += 1) rounds.push(await measure(round));
  const monitorMb = median(rounds.map(({ monitor }) => monitor));
  const proxyMb = median(rounds.map(({ proxy }) => proxy));
  const bothMb = median(rounds.map(({ monitor, proxy }) => monitor + proxy));
  printRow("PSS of the monitor", monitorMb, "MB");
  printRow("PSS of the proxy", proxyMb, "MB");
  printRow("both", bothMb, "MB", `goal <= ${goalMb}`);
  printResult("memory", bothMb / goalMb, { monitorMb, proxyMb, bothMb });
} finally {
  rmSync(directory, { recursive: true, force: true });
}
