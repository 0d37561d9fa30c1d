import { statSync } from "node:fs";
import path from "node:path";
import { setInterval } from "node:timers/promises";

const beatSeconds = 10;
/** Longer than any load keeps a process waiting. */
const silenceMs = 180_000;
const fileName = "heartbeat";

/** Of the command's script: beats as long as the machine runs processes at all. */
export const heartbeatLine = `while :; do echo >/run/outer/${fileName}; sleep ${beatSeconds}; done &`;

/** The machine as a whole does nothing any more: what fails then is the emulator of its processor, and no test inside. */
export class OuterGuestStandsStill extends Error {}

/**
 * Waits for the end of the heartbeat of a machine that has begun to beat.
 * @param directory the machine's /run/outer
 * @throws AbortError
 */
export async function standsStill(directory: string, signal: AbortSignal): Promise<void> {
  const file = path.join(directory, fileName);
  for await (const now of setInterval(beatSeconds * 1000, Date.now, { signal })) {
    const beat = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (now() - beat > silenceMs) return;
  }
}
