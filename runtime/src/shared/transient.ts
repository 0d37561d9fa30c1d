import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { identifyProcess, isAlive } from "./process-identity.ts";

/** Starts the names of what is being made or removed. No container id has this character. */
export const transientMark = "~";

let serial = 0;

/** "~<pid>-<start ticks>-<serial>": who is at it, so that what a killed verb left can be told. */
export function transientName(): string {
  serial += 1;
  const self = identifyProcess(process.pid);
  return `${transientMark}${process.pid}-${self?.startTicks ?? 0}-${serial}`;
}

/** Removes what verbs left that were killed in the middle of making or removing something. */
export function sweepTransients(directory: string): void {
  for (const name of readdirSync(directory)) {
    const match = /^~(\d+)-(\d+)-/.exec(name);
    if (match === null || isAlive({ pid: Number(match[1]), startTicks: Number(match[2]) })) continue;
    rmSync(join(directory, name), { recursive: true, force: true });
  }
}
