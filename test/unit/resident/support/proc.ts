import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What the descriptors of a process refer to, by number. */
export function openDescriptors(pid: number): Map<number, string> {
  const directory = `/proc/${pid}/fd`;
  const entries = readdirSync(directory).flatMap((name): [number, string][] => {
    try {
      return [[Number(name), readlinkSync(`${directory}/${name}`)]];
    } catch {
      return [];
    }
  });
  return new Map(entries);
}

/** Whether a process runs: one that has ended and was not waited for does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** A field of /proc/<pid>/status. */
export function statusField(pid: number, field: string): string {
  const line = readFileSync(`/proc/${pid}/status`, "latin1")
    .split("\n")
    .find((candidate) => candidate.startsWith(`${field}:`));
  return (line ?? "").slice(field.length + 1).trim();
}

/** Environment variable by which the processes of a VM are found. */
export const vmVariable = "RUNV_TEST_VM";

/** The confined processes of this VM that run. */
export function processesOf(directory: string): number[] {
  const pids = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  return pids.filter((pid) => isRunning(pid) && environmentOf(pid).includes(`${vmVariable}=${directory}\0`));
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}

const pollIntervalMs = 5;
/** Bounds a hang, asserts no speed. */
const waitLimitMs = 15_000;

/** Waits until something is so. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + waitLimitMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
  }
}

export async function gone(path: string): Promise<void> {
  await eventually(`${path} gone`, () => !existsSync(path));
}
