import { RunvError } from "@runv/protocol/errors";
import { signalNumber } from "../shared/signals.ts";

/** Bounds of real-time signals (signal(7)); glibc keeps 32 and 33 for itself, as the guest's programs know it. */
const firstRealtime = 34;
const lastRealtime = 64;

/** Accepts "9", "KILL", "SIGKILL", "kill", "RTMIN+1". @throws RunvError invalid-argument. @returns 1 to 64. */
export function parseSignal(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : namedSignal(text.toUpperCase());
  if (number >= 1 && number <= lastRealtime) return number;
  throw new RunvError("invalid-argument", `unknown signal ${JSON.stringify(text)}`);
}

function namedSignal(text: string): number {
  const name = text.replace(/^SIG/, "");
  const realtime = /^RT(MIN|MAX)([+-]\d+)?$/.exec(name);
  if (realtime === null) return signalNumber(`SIG${name}`);
  const number = (realtime[1] === "MIN" ? firstRealtime : lastRealtime) + Number(realtime[2] ?? 0);
  return number >= firstRealtime ? number : 0;
}
