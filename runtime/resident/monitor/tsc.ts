import * as sys from "../sys.ts";

/**
 * Starts to measure the frequency of the host's time stamp counter. Starting a VM takes some milliseconds anyway, and the longer between the
 * two readings the more exact the result: 1 ms is good for about 100 parts in a million, and that goes down in proportion.
 * @returns what gives the frequency in kHz when it is asked for: 0 when there is no counter or no time has passed.
 */
export function measureTsc(): () => number {
  const first = sys.readTsc();
  return () => {
    const now = sys.readTsc();
    if (first === null || now === null || now.timeMs <= first.timeMs) return 0;
    return Math.round((now.cycles - first.cycles) / (now.timeMs - first.timeMs));
  };
}
